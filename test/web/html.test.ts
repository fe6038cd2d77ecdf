import fc from 'fast-check';
import { expect, test } from 'vitest';
import { html, toText } from '../../src/web/html.ts';

test('text and numbers are escaped for content and quoted attributes', () => {
  const hostile = `<script>"&'</script>`;
  expect(toText(html`<p title="${hostile}">${hostile} ${5}</p>`)).toBe(
    '<p title="&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;">&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt; 5</p>',
  );
});

test('markup inside markup is not escaped twice, lists are joined, undefined is nothing', () => {
  expect(toText(html`<ul>${['a', '<'].map((item) => html`<li>${item}</li>`)}</ul>${undefined}`)).toBe(
    '<ul><li>a</li><li>&lt;</li></ul>',
  );
});

test('no text adds a tag or leaves its attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(toText(html`${text}`)).not.toMatch(/[<>"']/);
    }),
  );
});
