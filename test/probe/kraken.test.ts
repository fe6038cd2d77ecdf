import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { createKrakenUnifiedSimulator, type UnifiedSimulatorOptions } from '../../simulators/venues/kraken-unified.ts';
import { unifiedDemoAccounts } from '../../simulators/venues/kraken-unified-demo.ts';
import { linesOf, openPlayground, runProbe, writesAt } from './support.ts';

const people = { alice: 'alice', bob: 'bob', carol: 'carol' };

/** Kraken with its switches turned. */
async function openKraken(options: Partial<UnifiedSimulatorOptions>) {
  const accounts = unifiedDemoAccounts(people);
  const exchange = createKrakenUnifiedSimulator({ now: Date.now, accounts, ...options });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(exchange.plugin, { prefix: '/kraken-api' });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return { origin, exchange };
}

async function probe(origin: string, typed: readonly string[], ...more: readonly string[]) {
  const run = await runProbe(['kraken', '--playground', origin, '--out', 'report.md', ...more], { typed });
  return { ...run, report: readFileSync(run.at('report.md'), 'utf8') };
}

/** What the report found out under this title, the last time it was asked. */
function foundIn(report: string, title: string): string {
  const [, found = ''] = /- Found: (.*)\n/.exec(report.split(`. ${title}\n`).at(-1) ?? '') ?? [];
  return found;
}

test('what the pages leave open is told: leverage in preferences and positions, margin schedules, no mark price', async () => {
  const { origin } = await openKraken({
    switches: {
      ...{ preferencesTellLeverage: true, positionsTellLeverage: true, marginScheduleInInstrument: true },
      ...{ markPriceInTicker: false, statusOnPrivate: false },
    },
  });
  const { report } = await probe(origin, linesOf('kraken'));
  const found = (title: string) => foundIn(report, title);
  expect(found('Does `preferences` show the leverage of markets?')).toMatch(
    /answered.*leverage_mode\[\]\.max_leverage/,
  );
  expect(found('Do positions with margin show the leverage of a market?')).toMatch(/answered.*max_fixed_leverage/);
  expect(found('Does `instrument` tell a margin schedule or the highest leverage?')).toMatch(/margin_levels/);
  expect(found('Does `ticker` tell a mark price?')).toMatch(/DIFFERENT.*No field speaks of it/);
  expect(found('Does the private address say its status when somebody connects?')).toMatch(/It does not\./);
});

test('without a position nothing is said of what positions show', async () => {
  const { origin } = await openKraken({});
  const { report } = await probe(origin, linesOf('kraken', 'carol'));
  expect(foundIn(report, 'Do positions with margin show the leverage of a market?')).toMatch(
    /not told.*No position is open/,
  );
  expect(foundIn(report, 'Do executions show orders that wait for a price?')).toMatch(/not told.*No order is open/);
});

test('after a change its answer and what was told of it are shown, and one frame asked for it', async () => {
  const { origin, exchange } = await openKraken({ switches: { echo: 'equal', preferencesTellLeverage: true } });
  const { said, report } = await probe(origin, [...linesOf('kraken'), 'yes'], '--set', 'PF_XBTUSD', '4');
  expect(writesAt(exchange)).toBe(1);
  expect(exchange.writes).toMatchObject([{ market: 'PF_XBTUSD', mode: 'isolated', leverage: '4' }]);
  const answered = foundIn(report, 'What does `set_preference` answer, and does its result show the setting?');
  expect(answered).toContain('It shows the setting in: `result.leverage_mode.max_leverage`');
  expect(foundIn(report, 'Is a change told to who is subscribed?')).toMatch(/preferences update with .*max_leverage/);
  expect(foundIn(report, 'What becomes of an open position?')).toMatch(/Changed: .*`initial_margin`/);
  expect(said).toContain('Read back: 4x isolated.');
});

test('what the exchange says of a leverage that the bot would not send is told, and nothing is changed', async () => {
  const { origin, exchange } = await openKraken({});
  const { said, report } = await probe(origin, [...linesOf('kraken'), 'yes'], '--set', 'PF_XBTUSD', '2.555');
  expect(said).toContain('The bot would not send this');
  const answered = foundIn(report, 'What does `set_preference` answer, and does its result show the setting?');
  expect(answered).toContain('"Leverage is outside the permitted range for this market"');
  expect(exchange.writes).toEqual([]);
  expect(writesAt(exchange)).toBe(1);
});

test('connections that are left alone are told with how they ended, when it is asked for', async () => {
  const { origin } = await openKraken({ paces: { heartbeatMs: 100, idleMs: 3_000, unsubscribedMs: 1_500 } });
  const { report } = await probe(origin, linesOf('kraken'), '--wait');
  const found = foundIn(report, 'When are connections closed that say nothing?');
  expect(found).toMatch(/private, no subscription: closed with 1000 after \d+ s;/);
  expect(found).toMatch(/private, one subscription: closed with 1000 after \d+ s, with heartbeats;/);
  expect(found).toMatch(/public, no subscription: closed with 1000 after \d+ s/);
});

test('the old API is compared with a second key', async () => {
  const { origin, exchange } = await openPlayground('kraken', 'kraken-futures');
  const typed = [...linesOf('kraken'), ...linesOf('kraken-futures'), 'yes'];
  const { said, report } = await probe(origin, typed, '--compare', '--set', 'PF_XBTUSD', '4');
  // Two exchanges on this machine share no settings, as the real ones may.
  expect(foundIn(report, 'Does the old API show what is set through the new one?')).toMatch(/answered.*something else/);
  expect(said).toContain('The exchange accepted it.');
  expect(writesAt(exchange)).toBeLessThanOrEqual(1);
});

test('tokens that are refused for a while make nothing different: what was not asked is not told', async () => {
  let isArmed = false;
  const { origin, exchange } = await openKraken({ changed: () => refuseTokens() });
  // The bot has checked the key by then; the questions about it come next.
  const refuseTokens = () => {
    if (isArmed || !exchange.requests.some(({ url }) => url.includes('channel=preferences'))) return;
    isArmed = true;
    exchange.faults.add({ name: 'refused', path: 'GetWebSocketsToken', error: 'EAPI:Rate limit exceeded', times: 3 });
  };
  const { said, report } = await probe(origin, linesOf('kraken'));
  expect(foundIn(report, 'Does `preferences` show the leverage of markets?')).toMatch(/not told.*VENUE_BUSY/);
  expect(foundIn(report, 'How are wrong private subscriptions refused?')).toMatch(
    /answered.*a second subscription: "Already subscribed to preferences channel"/,
  );
  expect(said).not.toContain('Different from what the bot takes for granted');
});

test('a token that an exchange repeats in its errors stays out of the report', async () => {
  const { origin, exchange } = await openKraken({});
  const token = 'canaryTokenAbCdEfGh';
  const error = `EAPI:Invalid token ${token} of canary@doe.example 1234.56`;
  exchange.faults.add({ name: 'refused', path: 'channel=margin', times: 'forever', error });
  const { said, report } = await probe(origin, linesOf('kraken'));
  expect(foundIn(report, 'What does `margin` tell?')).toContain('"EAPI:Invalid token (…) of (…) (…)"');
  expect(said + report).not.toMatch(/canary|1234/);
});

test('an exchange that closes every socket is told as such', async () => {
  const { origin, exchange } = await openKraken({});
  exchange.faults.add({ name: 'server-error', status: 503, path: 'upgrade', times: 'forever' });
  const { code, report } = await probe(origin, linesOf('kraken'));
  expect(code).toBe(1);
  expect(report).toContain('**Ended early.** The market could not be read');
});
