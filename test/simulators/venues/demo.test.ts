import { describe, expect, it } from 'vitest';
import { type DemoCredential, demoCredentials, simulatedVenues } from '../../../simulators/venues/index.ts';
import { krakenUnified } from '../../../simulators/venues/kraken-unified.ts';
import { unifiedCall } from './kraken-unified-client.ts';
import { krakenCall, openVenue, request } from './open-venue.ts';

const people = { alice: '100000000000000001', bob: '100000000000000002', carol: '100000000000000003' };
const now = () => 1_780_000_000_000;
const path = '/derivatives/api/v3/leveragepreferences';
const { mudrex, 'kraken-futures': kraken } = simulatedVenues;

const ofKraken = (label: string): readonly { credential: DemoCredential; key: string; secret: string }[] =>
  demoCredentials.flatMap((credential) =>
    credential.venue === 'kraken-futures' && credential.label === label && credential.key !== undefined
      ? [{ credential, key: credential.key, secret: credential.secret }]
      : [],
  );

async function withVenue<Result>(venue: typeof kraken, use: (url: string) => Promise<Result>) {
  const { plugin } = venue.openDemo({ now, people });
  const { url, close } = await openVenue(plugin, '/venue');
  return use(url).finally(close);
}

describe('the demo', () => {
  it('has secrets that say what they are; those of Kraken are base64 of 64 bytes', () => {
    for (const { secret } of mudrex.demoKeys) expect(secret).toContain('demo');
    for (const { secret } of kraken.demoKeys) {
      const bytes = Buffer.from(secret, 'base64');
      expect(bytes.toString('latin1')).toContain('demo');
      expect(bytes).toHaveLength(64);
      expect(bytes.toString('base64')).toBe(secret);
    }
  });

  it('has no two credentials alike', () => {
    const secrets = demoCredentials.map(({ secret }) => secret);
    expect(new Set(secrets).size).toBe(secrets.length);
  });

  it('calls no two exchanges the same where there is little room', () => {
    const labels = Object.values(simulatedVenues).map(({ shortLabel }) => shortLabel);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('has a good Mudrex secret for each person, and a wrong one', async () => {
    const statuses = await withVenue(mudrex, (url) =>
      Promise.all(
        mudrex.demoKeys.map(async ({ label, secret }) => {
          const headers = { 'X-Authentication': secret };
          return [label, (await request(`${url}/fapi/v1/futures/funds`, { headers })).status];
        }),
      ),
    );
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
  ])('has Kraken keys labelled "%s" whose write ends in %s', async (label, outcome, count) => {
    const keys = ofKraken(label);
    expect(keys).toHaveLength(count);
    await withVenue(kraken, async (url) => {
      for (const key of keys) {
        const reply = await krakenCall(url, key, { method: 'PUT', path, query: 'symbol=PF_ADAUSD&maxLeverage=2' });
        expect(reply.text).toContain(`"${outcome}"`);
      }
    });
  });

  it('gives Alice an isolated bitcoin long and Bob a cross ether short', () => {
    const atKraken = kraken.openDemo({ now, people });
    expect(atKraken.positions(people.alice)).toMatchObject([{ market: 'PF_XBTUSD', side: 'long' }]);
    expect(atKraken.settings(people.alice)).toContainEqual({ market: 'PF_XBTUSD', leverage: '3', mode: 'isolated' });
    expect(atKraken.positions(people.bob)).toMatchObject([{ market: 'PF_ETHUSD', side: 'short' }]);
    expect(atKraken.settings(people.bob)).toEqual([]);
    const atMudrex = mudrex.openDemo({ now, people });
    expect(atMudrex.positions(people.alice)).toMatchObject([{ market: 'BTCUSDT', side: 'long' }]);
  });
});

describe('the demo of Kraken after the Derivatives API', () => {
  it.each([
    ['good', [], 3],
    ['read only', [], 3],
    ['may withdraw', [], 3],
    ['unknown right', [], 3],
    ['no WebSocket', ['EGeneral:Permission denied'], 3],
    ['with 2FA', ['EGeneral:Permission denied'], 3],
    ['expired', ['EAPI:Invalid key'], 3],
    ['wrong', ['EAPI:Invalid key'], 1],
  ])('has keys labelled "%s" whose token ends in %j', async (label, error, count) => {
    const keys = krakenUnified.demoKeys.filter((one) => one.label === label);
    expect(keys).toHaveLength(count);
    const errors = await withVenue(krakenUnified, (url) =>
      Promise.all(keys.map(async ({ key = '', secret }) => (await unifiedCall(url, { key, secret, nonce: '1' })).json)),
    );
    expect(errors).toEqual(keys.map(() => expect.objectContaining({ error })));
  });

  it('tells of each key what is wrong with it', async () => {
    const told = await withVenue(krakenUnified, (url) =>
      Promise.all(
        krakenUnified.demoKeys
          .filter(({ person }) => person === 'bob')
          .map(async ({ key = '', secret, label }) => {
            const call = { key, secret, nonce: '1', path: '/0/private/GetApiKeyInfo' };
            return [label, (await unifiedCall(url, call)).text.match(/[a-z]+-[a-z-]+(?=")/g) ?? []];
          }),
      ),
    );
    const good = ['create-ws-token', 'modify-trades', 'query-open-trades'];
    expect(told).toEqual([
      ['good', good],
      ['read only', ['create-ws-token', 'query-open-trades']],
      ['may withdraw', [...good, 'withdraw-funds']],
      ['no WebSocket', ['modify-trades', 'query-open-trades']],
      ['with 2FA', []],
      ['expired', []],
      ['unknown right', [...good, 'move-subaccount-funds']],
    ]);
  });

  it('gives its people the same positions as the old API, and no two keys alike', () => {
    const exchange = krakenUnified.openDemo({ now, people });
    expect(exchange.positions(people.alice)).toMatchObject([{ market: 'PF_XBTUSD', side: 'long' }]);
    expect(exchange.settings(people.alice)).toContainEqual({ market: 'PF_XBTUSD', leverage: '3', mode: 'isolated' });
    expect(exchange.positions(people.bob)).toMatchObject([{ market: 'PF_ETHUSD', side: 'short' }]);
    const secrets = [...krakenUnified.demoKeys, ...kraken.demoKeys].map(({ secret }) => secret);
    expect(new Set(secrets).size).toBe(secrets.length);
  });
});

describe.each(Object.entries(simulatedVenues))('the simulator of %s', (_id, venue) => {
  const key = venue.keyOf('somebody');
  const open = () => venue.open({ now, accounts: [{ id: 'somebody', key }] });

  it('makes the same key for the same name, and another for another', () => {
    expect(venue.keyOf('somebody')).toEqual(key);
    expect(venue.keyOf('nobody').apiSecret).not.toBe(key.apiSecret);
  });

  it('opens an account that holds nothing', () => {
    const exchange = open();
    expect([exchange.settings('somebody'), exchange.positions('somebody'), exchange.writes]).toEqual([[], [], []]);
  });

  it('moves a setting there and back without a write', () => {
    const exchange = open();
    exchange.set('somebody', venue.bitcoin, '7');
    expect(exchange.settings('somebody')).toMatchObject([{ market: venue.bitcoin, mode: 'isolated', leverage: '7' }]);
    exchange.set('somebody', venue.bitcoin, undefined);
    expect([exchange.settings('somebody'), exchange.writeCount()]).toEqual([[], 0]);
  });

  it('lowers a maximum, and shows a position that was opened', () => {
    const exchange = open();
    exchange.setBounds(venue.bitcoin, { max: '4' });
    expect(exchange.markets()).toContainEqual({ symbol: venue.bitcoin, max: '4' });
    exchange.openPosition('somebody', venue.bitcoin);
    expect(exchange.positions('somebody')).toMatchObject([{ market: venue.bitcoin, side: 'long', size: '0.01' }]);
  });
});
