import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { Secret } from '../src/secret.ts';

const interactionToken = Buffer.from('interaction:1234567890123456789:canaryRandomTail').toString('base64url');

function openLog(level: 'info' | 'trace' = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, stream: { write: (line) => lines.push(line) } });
  const last = (): unknown => JSON.parse(lines.at(-1) ?? '');
  return { log, lines, last };
}

test('a line is one JSON object with its level, time and fields', () => {
  const { log, lines, last } = openLog();
  log.info({ venue: 'mudrex', from: '3', to: '5' }, 'leverage set');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith('}\n')).toBe(true);
  expect(last()).toEqual({
    level: 30,
    time: expect.any(Number),
    venue: 'mudrex',
    from: '3',
    to: '5',
    msg: 'leverage set',
  });
});

test('less important lines than the level are left out', () => {
  const { log, lines } = openLog();
  log.debug({}, 'detail');
  log.trace({}, 'more detail');
  expect(lines).toEqual([]);
});

test('a protected secret appears in no spelling, wherever it stands', () => {
  const { log, lines } = openLog();
  const value = 'ca+nary/"quoted"\\é==';
  log.protect(new Secret(value));
  log.info({ note: value, nested: { deep: [`x${value}y`] }, [value]: 1 }, `message ${value}`);
  log.info({ note: `https://x.example/?q=${encodeURIComponent(value)}` }, Buffer.from(value).toString('base64'));
  log.error({ error: new Error(value, { cause: new Error(value) }) }, 'failed');
  const text = lines.join('');
  for (const spelling of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]) {
    expect(text).not.toContain(spelling);
  }
  expect(text).not.toContain(Buffer.from(value).toString('base64'));
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
});

test('a Secret that was not protected prints as [secret]', () => {
  const { log, lines } = openLog();
  log.info({ key: new Secret('canary-secret'), keys: { apiSecret: new Secret('canary-secret') } }, 'loaded');
  expect(lines.join('')).not.toContain('canary');
});

test('short secrets and the 1001st oldest are no longer scrubbed, so that the log stays readable and bounded', () => {
  const { log, lines } = openLog();
  log.protect(new Secret('info'));
  log.protect(new Secret('oldest-secret'));
  log.protect(new Secret('second-secret'));
  log.protect(new Secret('oldest-secret'));
  for (let index = 0; index < 999; index += 1) log.protect(new Secret(`canary-number-${1000 + index}`));
  log.info({}, 'info oldest-secret second-secret canary-number-1998');
  expect(lines.join('')).toContain('"msg":"info [secret] second-secret [secret]"');
});

test('a pinned secret is scrubbed for good, however many others come after it', () => {
  const { log, lines } = openLog();
  log.pin(new Secret('pinned-secret'));
  for (let index = 0; index < 1500; index += 1) log.protect(new Secret(`canary-number-${1000 + index}`));
  log.info({}, 'pinned-secret canary-number-1000 canary-number-2499');
  expect(lines.join('')).toContain('"msg":"[secret] canary-number-1000 [secret]"');
});

test.each([
  ['a webhook URL', `PATCH https://discord.com/api/v10/webhooks/900/${interactionToken}/messages/@original`],
  ['a callback URL', 'POST /interactions/123456/canary-other-token/callback'],
  ['an interaction token alone', `token ${interactionToken}`],
  ['a bot token', 'OTAwMDAwMDAwMDAwMDAwMDAx.GcAnAr.canary-canary-canary-canary-canary'],
  ['an Authorization header', 'authorization: Bot canary-canary.canary'],
  ['a bearer token', 'Bearer canary+canary/canary=='],
  ['a link', 'GET http://127.0.0.1:8080/link/canary-canary-canary-canary-canary-canary-c'],
])('%s is scrubbed without being known', (_what, text) => {
  const { log, lines } = openLog();
  log.warn({ note: text, error: new Error(text) }, text);
  expect(lines.join('')).not.toMatch(/canary|aW50ZXJhY3Rpb2/);
});

test('a library error keeps name, message, stack, code and cause, and loses what it carries', () => {
  const { log, last, lines } = openLog();
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: 'canary' });
  const error = Object.assign(new Error('Unknown interaction', { cause }), {
    code: 10062,
    url: 'https://discord.com/canary',
    requestBody: { json: { content: 'canary' } },
    headers: { authorization: 'canary' },
  });
  log.error({ error }, 'edit failed');
  expect(lines.join('')).not.toContain('canary');
  expect(last()).toMatchObject({
    error: {
      name: 'Error',
      message: 'Unknown interaction',
      code: 10062,
      cause: { message: 'connect', code: 'ECONNREFUSED' },
    },
  });
});

test('a Failure shows its code', () => {
  const { log, last } = openLog();
  log.error({ error: new Failure({ code: 'STORE_UNAVAILABLE' }) }, 'failed');
  expect(last()).toMatchObject({ error: { name: 'Failure', message: 'STORE_UNAVAILABLE' } });
});

test('fields with a telling name are redacted at any depth', () => {
  const { log, lines } = openLog();
  log.info({ a: { b: { token: 'canary', apiKey: 'canary', Cookie: 'canary', client_secret: 'canary' } } }, 'x');
  log.info({ headers: { x: 'canary' }, body: 'canary', url: 'canary' }, 'x');
  expect(lines.join('')).not.toContain('canary');
});

test('what is no plain data appears by its class name only', () => {
  const { log, last } = openLog();
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  log.info(
    { map: new Map([['canary', 'canary']]), buffer: Buffer.from('canary'), circular, big: 10n, run: () => 1 },
    'x',
  );
  expect(JSON.stringify(last())).not.toContain('canary');
  expect(last()).toMatchObject({ map: '[Map]', buffer: '[Buffer]', big: '10', run: '[function]' });
});

test('logging never throws, whatever it is given', () => {
  const { log, lines } = openLog('trace');
  const hostile = {
    get trap(): string {
      throw new Error('trap');
    },
  };
  log.info(hostile, 'still written');
  expect(lines.join('')).toContain('still written');
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything()), fc.string(), (fields, text) => log.debug(fields, text)),
  );
});

test('scrubbing a long line takes no time', () => {
  const { log } = openLog();
  const text = 'a'.repeat(4000);
  const started = performance.now();
  for (let index = 0; index < 50; index += 1) log.info({ text, list: Array.from({ length: 20 }, () => text) }, text);
  expect(performance.now() - started).toBeLessThan(2000);
});
