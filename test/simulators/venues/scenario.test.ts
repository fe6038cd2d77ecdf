import { describe, expect, it } from 'vitest';
import { createKrakenFuturesSimulator } from '../../../simulators/venues/kraken-futures.ts';
import { createMudrexSimulator } from '../../../simulators/venues/mudrex.ts';
import { createDemoScenario, type DemoCredential } from '../../../simulators/venues/scenario.ts';
import { krakenCall, openVenue, request } from './open-venue.ts';

const ids = { alice: '100000000000000001', bob: '100000000000000002', carol: '100000000000000003' };
const scenario = createDemoScenario(ids);
const now = () => 1_780_000_000_000;
const path = '/derivatives/api/v3/leveragepreferences';

const ofKraken = (label: string): readonly { credential: DemoCredential; key: string; secret: string }[] =>
  scenario.credentials.flatMap((credential) =>
    credential.label === label && credential.key !== undefined
      ? [{ credential, key: credential.key, secret: credential.secret }]
      : [],
  );

const withKraken = async <Result>(accounts: typeof scenario.kraken, use: (url: string) => Promise<Result>) => {
  const venue = await openVenue(createKrakenFuturesSimulator({ now, accounts }).plugin, '/kraken');
  try {
    return await use(venue.url);
  } finally {
    await venue.close();
  }
};

describe('the demo scenario', () => {
  it('is the same every time', () => {
    expect(createDemoScenario(ids)).toEqual(scenario);
  });

  it('has secrets that say what they are; those of Kraken are base64 of 64 bytes', () => {
    for (const { venue, secret } of scenario.credentials) {
      const readable = venue === 'mudrex' ? secret : Buffer.from(secret, 'base64').toString('latin1');
      expect(readable).toContain('demo');
      if (venue !== 'mudrex') {
        expect(Buffer.from(secret, 'base64')).toHaveLength(64);
        expect(Buffer.from(secret, 'base64').toString('base64')).toBe(secret);
      }
    }
  });

  it('has no two credentials alike', () => {
    const secrets = scenario.credentials.map(({ secret }) => secret);
    expect(new Set(secrets).size).toBe(secrets.length);
  });

  it('has a good Mudrex secret for each person, and a wrong one', async () => {
    const venue = await openVenue(createMudrexSimulator({ now, accounts: scenario.mudrex }).plugin, '/mudrex');
    const mudrex = scenario.credentials.filter((credential) => credential.venue === 'mudrex');
    const statuses = await Promise.all(
      mudrex.map(async ({ label, secret }) => {
        const headers = { 'X-Authentication': secret };
        return [label, (await request(`${venue.url}/fapi/v1/futures/funds`, { headers })).status];
      }),
    );
    await venue.close();
    expect(statuses).toEqual([
      ['good', 200],
      ['good', 200],
      ['good', 200],
      ['wrong', 401],
    ]);
  });

  it.each([
    ['good', 'success', 3],
    ['read only', 'insufficientPrivileges', 3],
    ['may withdraw', 'success', 3],
    ['wrong', 'authenticationError', 1],
    ['demo host', 'authenticationError', 3],
  ])('has Kraken keys labelled "%s" whose write ends in %s', async (label, outcome, count) => {
    const keys = ofKraken(label);
    expect(keys).toHaveLength(count);
    await withKraken(scenario.kraken, async (url) => {
      for (const key of keys) {
        const reply = await krakenCall(url, key, { method: 'PUT', path, query: 'symbol=PF_ADAUSD&maxLeverage=2' });
        expect(reply.text).toContain(`"${outcome}"`);
      }
    });
  });

  it('has demo-host keys that work on the demo host', async () => {
    await withKraken(scenario.krakenDemo, async (url) => {
      for (const key of ofKraken('demo host'))
        expect((await krakenCall(url, key, { path })).text).toContain('"success"');
    });
  });

  it('gives Alice an isolated bitcoin long and Bob a cross ether short', () => {
    const kraken = createKrakenFuturesSimulator({ now, accounts: scenario.kraken });
    expect(kraken.positions(ids.alice)).toMatchObject([{ symbol: 'PF_XBTUSD', side: 'long' }]);
    expect(kraken.settings(ids.alice)).toContainEqual({ market: 'PF_XBTUSD', leverage: '3', marginType: 'ISOLATED' });
    expect(kraken.positions(ids.bob)).toMatchObject([{ symbol: 'PF_ETHUSD', side: 'short' }]);
    expect(kraken.settings(ids.bob)).toEqual([]);
    const mudrex = createMudrexSimulator({ now, accounts: scenario.mudrex });
    expect(mudrex.positions(ids.alice)).toMatchObject([{ symbol: 'BTCUSDT', side: 'LONG' }]);
  });
});
