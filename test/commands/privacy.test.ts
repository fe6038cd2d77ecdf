import { expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { alice, bob, labelsOf, shownBy, wordsOf } from '../support/gate.ts';
import { openCommands } from './support.ts';

test('it names the operator’s contact and links to their privacy policy, where they gave one', async () => {
  const operator = { contact: 'ops@example.com', privacyUrl: 'https://example.com/privacy' };
  const view = await (await openCommands({ operator })).run(alice, 'privacy');
  expect(wordsOf(view)).toContain('Ask the person who runs this bot: ops@example.com');
  expect(view.buttons).toContainEqual({ kind: 'link', url: 'https://example.com/privacy', label: 'Privacy policy' });
  const without = await (await openCommands()).run(alice, 'privacy');
  expect(wordsOf(without)).toContain('Ask the person who runs this bot.');
  expect(labelsOf(without)).toEqual(['Delete everything of mine']);
});

test.each(['privacy', 'keys remove', 'keys list'])(
  'the buttons of /%s say when they end, and a press after it leaves a sentence and no buttons',
  async (name) => {
    const { run, gate } = await openCommands();
    await gate.addKey(alice);
    await gate.vault.saveIncoming(gate.account(alice, 'second'), credentialsOf(alice, { secret: 'waits' }));
    const view = await run(alice, name, name === 'keys remove' ? { venue: 'paper' } : {});
    const endsAt = gate.clock.now() + 120_000;
    expect(wordsOf(view)).toContain(JSON.stringify({ time: endsAt, style: 'relative' }));
    gate.clock.advance(120_000);
    for (const button of view.buttons ?? []) {
      if (button.kind !== 'press' || button.verb !== 'do') continue;
      const { update } = await gate.press('do', button.id);
      expect(update?.title).toBe('This button has ended');
      expect(labelsOf(update)).toEqual([]);
    }
    expect(await gate.vault.list(alice)).toHaveLength(2);
  },
);

test('a press on an ended button never replaces a message that others see', async () => {
  const { run, gate } = await openCommands();
  const [button] = (await run(alice, 'privacy')).buttons ?? [];
  gate.clock.advance(120_000);
  const id = button?.kind === 'press' ? button.id : '';
  const pressed = gate.press('do', id, alice, () => {}, { isPublic: true });
  await expect(pressed).rejects.toThrow('BUTTON_ENDED');
});

test('it says what is kept and for how long, and its button deletes nothing before a second one', async () => {
  const { run, gate } = await openCommands();
  await gate.addKey(alice);
  const view = await run(alice, 'privacy');
  expect(wordsOf(view)).toContain('for 90 days');
  const [button] = view.buttons ?? [];
  const id = button?.kind === 'press' ? button.id : '';
  await expect(gate.press('do', id, bob)).rejects.toThrow('NOT_YOURS');
  const asked = await gate.press('do', id);
  expect(labelsOf(asked.update)).toEqual(['Delete it all', 'Keep it']);
  expect(await gate.vault.list(alice)).toHaveLength(1);
  const [sure] = asked.update?.buttons ?? [];
  expect(shownBy(await gate.press('do', sure?.kind === 'press' ? sure.id : ''))).toContain(
    'Everything of yours is deleted',
  );
});
