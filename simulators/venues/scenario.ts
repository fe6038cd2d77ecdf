import { createHash } from 'node:crypto';
import type { KrakenAccountSeed, KrakenKeySeed } from './kraken-state.ts';
import type { MudrexAccountSeed } from './mudrex-state.ts';

/** The people of the demo, by the Discord user ids the caller gives them. Carol is the administrator. */
export interface DemoPeople {
  readonly alice: string;
  readonly bob: string;
  readonly carol: string;
}

type Person = keyof DemoPeople;

/** A credential to copy into the link page, with what to expect of it. */
export interface DemoCredential {
  readonly venue: 'mudrex' | 'kraken-futures' | 'kraken-futures-demo';
  /** Whose it is; `nobody` for a key the venue does not know. */
  readonly person: Person | 'nobody';
  readonly label: string;
  readonly expect: string;
  /** Kraken only. */
  readonly key?: string;
  readonly secret: string;
}

export interface DemoScenario {
  readonly mudrex: readonly MudrexAccountSeed[];
  readonly kraken: readonly KrakenAccountSeed[];
  readonly krakenDemo: readonly KrakenAccountSeed[];
  readonly credentials: readonly DemoCredential[];
}

const names: Readonly<Record<Person, string>> = { alice: 'Alice', bob: 'Bob', carol: 'Carol' };
const people = ['alice', 'bob', 'carol'] as const;

const fakeMudrexSecret = (whose: string) => `demo-mudrex-secret-of-${whose}-not-a-real-key`;
const fakeKrakenKey = (whose: string) => `demoKrakenKey/${whose}/notReal`.padEnd(56, '0');

/** Base64 of 64 bytes, as the venue's secrets are; the first bytes spell what it is. */
const fakeKrakenSecret = (whose: string): string => {
  const readable = Buffer.from(`demo secret of ${whose}, not real `).subarray(0, 44);
  const rest = createHash('sha512').update(`demo ${whose}`).digest();
  return Buffer.concat([readable, rest]).subarray(0, 64).toString('base64');
};

const krakenKey = (whose: string, access: Partial<KrakenKeySeed> = {}): KrakenKeySeed => ({
  key: fakeKrakenKey(whose),
  secret: fakeKrakenSecret(whose),
  ...access,
});

const mudrexHoldings: Readonly<Record<Person, Partial<MudrexAccountSeed>>> = {
  alice: {
    settings: [
      { symbol: 'BTCUSDT', leverage: '5' },
      { symbol: 'ETHUSDT', leverage: '10' },
      { symbol: 'BTCUSDT', leverage: '3', currency: 'INR' },
    ],
    positions: [
      {
        symbol: 'BTCUSDT',
        side: 'LONG',
        quantity: '0.05',
        entryPrice: '58000',
        leverage: '5',
        liquidationPrice: '46980',
        initialMargin: '580',
        maintenanceMargin: '29',
      },
    ],
    orders: [{ symbol: 'BTCUSDT', side: 'LONG', quantity: 0.01, price: 55_000, leverage: 5 }],
    funds: { USDT: { balance: '1250.5', locked: '580' }, INR: { balance: '20000', locked: '0' } },
  },
  bob: {
    settings: [{ symbol: 'ETHUSDT', leverage: '2.5' }],
    funds: { USDT: { balance: '300', locked: '0' } },
  },
  carol: { funds: { USDT: { balance: '50', locked: '0' } } },
};

const krakenHoldings: Readonly<Record<Person, Partial<KrakenAccountSeed>>> = {
  alice: {
    settings: { PF_XBTUSD: '3', PF_SOLUSD: '2.5' },
    positions: [{ symbol: 'PF_XBTUSD', side: 'long', size: '0.1', price: '58000' }],
    orders: [{ symbol: 'PF_XBTUSD', side: 'buy', size: '0.05', limitPrice: '55000' }],
    collateral: '5000',
  },
  bob: {
    positions: [{ symbol: 'PF_ETHUSD', side: 'short', size: '2', price: '3100' }],
    orders: [{ symbol: 'PF_ETHUSD', side: 'buy', size: '2', limitPrice: '2700', reduceOnly: true }],
    collateral: '2500',
  },
  carol: {},
};

const krakenAccount = (person: Person, id: string): KrakenAccountSeed => ({
  ...krakenHoldings[person],
  id,
  person: names[person],
  keys: [
    krakenKey(person),
    krakenKey(`${person}ReadOnly`, { general: 'READ_ONLY' }),
    krakenKey(`${person}MayWithdraw`, { transfer: 'FULL_ACCESS' }),
  ],
});

const krakenCredential = (whose: string, person: Person | 'nobody', label: string, expect: string): DemoCredential => {
  const { key, secret } = krakenKey(whose);
  return { venue: 'kraken-futures', person, label, expect, key, secret };
};

const credentialsOf = (person: Person): readonly DemoCredential[] => [
  { venue: 'mudrex', person, label: 'good', expect: 'works', secret: fakeMudrexSecret(person) },
  krakenCredential(person, person, 'good', 'works'),
  krakenCredential(`${person}ReadOnly`, person, 'read only', 'is refused when it is linked: it can only read'),
  krakenCredential(`${person}MayWithdraw`, person, 'may withdraw', 'is refused when it is linked'),
  {
    ...krakenCredential(`${person}Sandbox`, person, 'demo host', 'works on the demo host only'),
    venue: 'kraken-futures-demo',
  },
];

const wrongCredentials: readonly DemoCredential[] = [
  { venue: 'mudrex', person: 'nobody', label: 'wrong', expect: 'is refused', secret: fakeMudrexSecret('nobody') },
  krakenCredential('nobody', 'nobody', 'wrong', 'is refused'),
];

/** Three traders with positions, orders and keys of every kind; all values are made up and always the same. */
export const createDemoScenario = (ids: DemoPeople): DemoScenario => ({
  mudrex: people.map((person) => ({
    ...mudrexHoldings[person],
    id: ids[person],
    person: names[person],
    secret: fakeMudrexSecret(person),
  })),
  kraken: people.map((person) => krakenAccount(person, ids[person])),
  krakenDemo: people.map((person) => ({
    id: ids[person],
    person: names[person],
    keys: [krakenKey(`${person}Sandbox`)],
  })),
  credentials: [...people.flatMap(credentialsOf), ...wrongCredentials],
});
