import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { probedVenues } from '../../probe/open-venue.ts';
import { usage } from '../../probe/options.ts';
import { runProbe as run } from '../../probe/probe.ts';
import { type ProbedId, probedIds } from '../../probe/question.ts';
import { documentedWords } from '../../probe/shape.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { linesOf, openPlayground, runProbe, writesAt } from './support.ts';

/** What the questions after a change find out about Alice, in words of the report. */
const foundAfter: Readonly<Record<ProbedId, RegExp>> = {
  kraken: /It shows the setting|It does not show the setting/,
  'kraken-futures': /as assumed\*\*\. It is on what was set\./,
  mudrex: /as assumed\*\*\. It kept its own\./,
};

describe.each(probedIds)('%s', (id) => {
  const { definition, questions, afterChange } = probedVenues[id];
  const { label, exampleSymbol } = definition.facts;

  test('is asked every question and changes nothing, and no value of a reply or of the key is shown', async () => {
    const { origin, exchange, values } = await openPlayground(id);
    const { code, said, at } = await runProbe([id, '--playground', origin, '--out', 'report.md'], {
      typed: linesOf(id),
    });
    const report = readFileSync(at('report.md'), 'utf8');
    expect(code).toBe(0);
    expect(said).toContain('This only reads: nothing is changed.');
    for (const { title } of questions) expect(report).toContain(`. ${title}\n`);
    expect(report).toContain(`# Probe of ${label}`);
    expect(report).toContain('Nothing was changed.');
    expect(writesAt(exchange)).toBe(0);
    expect(statSync(at('report.md')).mode & 0o777).toBe(0o600);
    expect(report).not.toContain('To be corrected');
    expect(said).not.toContain('DIFFERENT');
    expect(values().length).toBeGreaterThan(50);
    const found = values().filter((value) => said.includes(value) || report.includes(value));
    // Public words: a market, and what stands in names of fields and of permissions.
    const publicWords = [...documentedWords, exampleSymbol, 'limit', 'trades'];
    expect(found.filter((value) => !publicWords.includes(value))).toEqual([]);
    for (const secret of linesOf(id)) {
      expect(said + report).not.toContain(secret);
      expect(said + report).not.toContain(secret.slice(0, 12));
    }
  });

  test('takes a change once it is confirmed, exactly once, and is read again', async () => {
    const { origin, exchange } = await openPlayground(id);
    const typed = [...linesOf(id), 'yes'];
    const parameters = [id, '--playground', origin, '--out', 'report.md', '--set', exampleSymbol, '4'];
    const { code, said, at } = await runProbe(parameters, { typed });
    expect(code).toBe(0);
    expect(writesAt(exchange)).toBe(1);
    expect(exchange.writes).toMatchObject([{ market: exampleSymbol, mode: 'isolated', leverage: '4' }]);
    expect(said).toContain(`→ 4x isolated`);
    expect(said).toContain('The exchange accepted it.');
    const [, after = ''] = readFileSync(at('report.md'), 'utf8').split('## After the change');
    for (const { title } of [...questions.filter(({ isOnce = false }) => !isOnce), ...afterChange])
      expect(after).toContain(title);
    expect(after).toMatch(foundAfter[id]);
  });

  test('names only files that exist for what is to be corrected', () => {
    const named = [...questions, ...afterChange].flatMap(({ correct }) => correct);
    const root = new URL('../..', import.meta.url).pathname;
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(questions.every(({ correct }) => correct.length > 0)).toBe(true);
  });
});

test('the name of the market confirms a change as well, and the old setting is told with how to have it again', async () => {
  const { origin, exchange } = await openPlayground('kraken-futures');
  const typed = [...linesOf('kraken-futures'), 'PF_XBTUSD'];
  const parameters = ['kraken-futures', '--playground', origin, '--set', 'PF_XBTUSD', 'cross'];
  const { said } = await runProbe(parameters, { typed });
  expect(exchange.writes).toMatchObject([{ market: 'PF_XBTUSD', mode: 'cross' }]);
  expect(said).toContain('PF_XBTUSD: 3x isolated → cross margin');
  expect(said).toContain('Read back: cross margin.');
  expect(said).toContain(`To put it back: npm run probe -- kraken-futures --set PF_XBTUSD 3 --playground ${origin}`);
});

test('a change whose answer is lost is not sent again, and said to be possibly carried out', async () => {
  const { origin, exchange } = await openPlayground('mudrex');
  exchange.faults.add({ name: 'apply-then-reset', on: 'write', times: 'forever' });
  const typed = [...linesOf('mudrex'), 'yes'];
  const { said } = await runProbe(['mudrex', '--playground', origin, '--set', 'BTCUSDT', '7'], { typed });
  expect(writesAt(exchange)).toBe(1);
  expect(said).toContain('No usable answer came (reset): it may have been carried out. It was not sent again.');
  expect(said).toContain('Read back: 7x isolated.');
});

test('a change that the exchange refuses is told as refused, with nothing changed', async () => {
  const { origin, exchange } = await openPlayground('kraken-futures');
  const typed = [...linesOf('kraken-futures'), 'yes'];
  const { said } = await runProbe(['kraken-futures', '--playground', origin, '--set', 'PF_XBTUSD', '500'], { typed });
  expect(said).toContain('The bot would not send this');
  expect(said).toContain('The exchange refused it (leverage-out-of-range): nothing was changed.');
  expect(exchange.writes).toEqual([]);
  expect(writesAt(exchange)).toBe(1);
});

test('a field that is named otherwise is told with the file to be corrected', async () => {
  const { origin, exchange } = await openPlayground('mudrex');
  const body = { success: true, data: [{ id: 'a', ticker: 'BTCUSDT', side: 'LONG', entryPrice: 1 }] };
  exchange.faults.add({ name: 'wrong-shape', path: '/positions', times: 'forever', body });
  const { said, at } = await runProbe(['mudrex', '--playground', origin, '--out', 'report.md'], {
    typed: linesOf('mudrex'),
  });
  expect(said).toContain('DIFFERENT   What do open positions look like?');
  const [, detail = ''] = readFileSync(at('report.md'), 'utf8').split('. What do open positions look like?\n');
  expect(detail).toMatch(/To be corrected: `test\/venues\/fixtures\/mudrex.json`/);
  expect(detail).toContain('`data[].entryPrice`');
});

test('a hostile reply is told in bounds, and what it carries stays out', async () => {
  const { origin, exchange } = await openPlayground('mudrex');
  const canary = 'eyJhbGciOiJub25lIn0canary';
  const deep = Array.from({ length: 500 }).reduce<unknown>((inner) => ({ inner }), canary);
  const errors = [
    {
      code: 10_481_516,
      text: `Balance 1234.56 of jane@doe.example | \`${canary}\` <b># \u001b[31m ${'x'.repeat(9_000)}`,
    },
  ];
  const many = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, index) => [`${canary}${index}`, { size: 77_123.5 }]),
  );
  const body = { success: false, errors, [canary]: canary, deep, many };
  for (const path of ['/positions', '/orders', '/leverage', '/ping']) {
    exchange.faults.add({ name: 'wrong-shape', path, times: 'forever', body });
  }
  const { code, said, at } = await runProbe(['mudrex', '--playground', origin, '--out', 'report.md'], {
    typed: linesOf('mudrex'),
  });
  const report = readFileSync(at('report.md'), 'utf8');
  expect(code).toBe(0);
  for (const text of ['canary', '1234', 'jane', '77123', '10481516', '\u001b', '<b>', 'xxxxxxxxx']) {
    expect(said).not.toContain(text);
    expect(report).not.toContain(text);
  }
  expect(report).toContain('"Balance (…) of (…) ');
  expect(report.length).toBeLessThan(60_000);
});

test('an exchange that is down ends it early, and the report says so', async () => {
  const { origin, exchange } = await openPlayground('kraken-futures');
  exchange.faults.add({ name: 'reset', times: 'forever' });
  const { code, said, at } = await runProbe(['kraken-futures', '--playground', origin, '--out', 'report.md'], {
    typed: linesOf('kraken-futures'),
  });
  expect(code).toBe(1);
  expect(said).toContain('Ended early.');
  expect(readFileSync(at('report.md'), 'utf8')).toContain('**Ended early.**');
});

test('a key that may withdraw is not used for anything but its check', async () => {
  const { origin, exchange } = await openPlayground('kraken-futures');
  const typed = linesOf('kraken-futures', 'aliceMayWithdraw');
  const { code, said } = await runProbe(['kraken-futures', '--playground', origin], { typed });
  expect(code).toBe(1);
  expect(said).toContain('can withdraw or transfer funds');
  expect(exchange.requests).toHaveLength(1);
});

test('its arguments are explained when that is asked for, and then nothing is done', async () => {
  const { code, said } = await runProbe(['--help'], { typed: [] });
  expect([code, said]).toEqual([0, `${usage}\n`]);
});

test('a key that can only read is asked everything, and sets nothing', async () => {
  const { origin, exchange } = await openPlayground('kraken-futures');
  const typed = [...linesOf('kraken-futures', 'aliceReadOnly'), 'yes'];
  expect(await runProbe(['kraken-futures', '--playground', origin], { typed })).toMatchObject({ code: 0 });
  const { code, said } = await runProbe(['kraken-futures', '--playground', origin, '--set', 'PF_XBTUSD', '4'], {
    typed,
  });
  expect(code).toBe(1);
  expect(said).toContain('key can only read');
  expect(writesAt(exchange)).toBe(0);
});

test('a key in another form is asked for again, three times, and nothing is sent', async () => {
  const { origin, exchange } = await openPlayground('mudrex');
  const { code, said } = await runProbe(['mudrex', '--playground', origin], {
    typed: ['a b', 'short', 'ä'.repeat(20)],
  });
  expect(code).toBe(1);
  expect(said.split('That does not look like one.')).toHaveLength(4);
  expect(said).toContain('No key was typed.');
  expect(exchange.requests).toEqual([]);
});

test('a report that is there is left as it is, and nothing is asked', async () => {
  const { origin, exchange } = await openPlayground('mudrex');
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'report.md'), 'mine');
  const parameters = ['mudrex', '--playground', origin, '--out', 'report.md'];
  const { code, said } = await runProbe(parameters, { typed: linesOf('mudrex'), directory });
  expect(code).toBe(1);
  expect(said).toContain('report.md is there already');
  expect(readFileSync(join(directory, 'report.md'), 'utf8')).toBe('mine');
  expect(exchange.requests).toEqual([]);
});

test('without a terminal no key is taken for the exchange itself', async () => {
  const { code, said, directory } = await runProbe(['mudrex'], { typed: linesOf('mudrex') });
  expect(code).toBe(2);
  expect(said).toBe('The key is typed on a terminal. What comes through a pipe is taken only with --playground.\n');
  expect(existsSync(join(directory, 'report.md'))).toBe(false);
});

test('a key among the arguments is not repeated', async () => {
  const [secret = ''] = linesOf('mudrex');
  for (const parameters of [['mudrex', secret], [secret], ['mudrex', `--${secret}`], ['mudrex', '--key', secret]]) {
    const { code, said } = await runProbe(parameters, { typed: [] });
    expect(code).toBe(2);
    expect(said).not.toContain(secret);
  }
});

test('Ctrl+C ends it, and the report holds what was found until then', async () => {
  const { origin, exchange } = await openPlayground('mudrex');
  exchange.faults.add({ name: 'hang', path: '/positions', times: 'forever' });
  const parameters = ['mudrex', '--playground', origin, '--out', 'report.md'];
  const { code, said, at } = await runProbe(parameters, { typed: linesOf('mudrex'), interruptAt: 'INR margin' });
  expect(code).toBe(130);
  expect(said).toContain('You ended it.');
  const report = readFileSync(at('report.md'), 'utf8');
  expect(report).toContain('**Ended early.** You ended it.');
  expect(report).toContain('What does one market look like?');
});

test('Ctrl+C while a change is under way leaves a report that does not call it unchanged', async () => {
  const { origin, exchange } = await openPlayground('kraken-futures');
  exchange.faults.add({ name: 'apply-then-hang', on: 'write' });
  const parameters = ['kraken-futures', '--playground', origin, '--out', 'report.md', '--set', 'PF_XBTUSD', '4'];
  const typed = [...linesOf('kraken-futures'), 'yes'];
  const { code, at } = await runProbe(parameters, { typed, interruptAt: 'Sending it.' });
  expect(code).toBe(130);
  const report = readFileSync(at('report.md'), 'utf8');
  expect(report).toContain('It was sent to PF_XBTUSD. What became of it was not seen.');
  expect(report).not.toContain('Nothing was changed');
  expect(writesAt(exchange)).toBeLessThanOrEqual(1);
});

describe.each([
  ['kraken', 'Yes'],
  ['mudrex', 'y'],
  ['kraken-futures', 'PF_OTHERUSD'],
  ['kraken-futures', ''],
  ['kraken-futures'],
] as const)('%s, asked to confirm a change with %j,', (id, ...words) => {
  test('sends nothing without a confirmation', async () => {
    const { origin, exchange } = await openPlayground(id);
    const { exampleSymbol } = probedVenues[id].definition.facts;
    const typed = [...linesOf(id), ...words];
    const { code, said } = await runProbe([id, '--playground', origin, '--set', exampleSymbol, '4'], { typed });
    expect(code).toBe(0);
    expect(said).toContain('Nothing was sent.');
    expect(writesAt(exchange)).toBe(0);
  });
});

describe('an exchange that ends', () => {
  /** Runs it in this process, at another time, with a keyboard on which nothing is typed. */
  async function probeAt(now: number) {
    const said: string[] = [];
    const nothing = async () => undefined;
    const terminal = { say: (line: string) => void said.push(line), ask: nothing, askHidden: nothing, close: () => {} };
    const out = join(temporaryDirectory(), 'report.md');
    const options = { venue: 'kraken-futures', waits: false, compares: false, out } as const;
    const signal = new AbortController().signal;
    const code = await run({ options, terminal, now: () => now, version: '0', signal });
    return { code, said: said.join('\n'), out };
  }

  const closesAt = Date.UTC(2027, 1, 28);

  test('is asked until the day on which the bot closes it, and not from then on', async () => {
    expect(await probeAt(closesAt - 1)).toMatchObject({ code: 1, said: expect.stringContaining('No key was typed.') });
    const { code, said, out } = await probeAt(closesAt);
    expect(code).toBe(1);
    expect(said).toMatch(/^Kraken Futures.* has ended: nothing is sent to it any more\.$/);
    expect(existsSync(out)).toBe(false);
  });
});
