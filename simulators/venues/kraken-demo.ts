import { createHash } from 'node:crypto';
import { type DemoKey, type DemoPeople, type DemoPerson, demoPeople, type Key, type Refusal } from './exchange.ts';
import type { KrakenAccountSeed, KrakenHoldingsSeed, KrakenKeySeed } from './kraken-state.ts';

/** All values are made up and always the same. */
export const krakenKey = (name: string): Key => ({ apiKey: publicKeyOf(name), apiSecret: secretOf(name) });

const publicKeyOf = (name: string) => `demoKrakenKey/${name}/notReal`.padEnd(56, '0');

/** Base64 of 64 bytes, as the venue's secrets are; the first bytes spell what it is. */
function secretOf(name: string): string {
  const readable = Buffer.from(`demo secret of ${name}, not real `).subarray(0, 44);
  const rest = createHash('sha512').update(`demo ${name}`).digest();
  return Buffer.concat([readable, rest]).subarray(0, 64).toString('base64');
}

const seedOf = (name: string, access: Partial<KrakenKeySeed> = {}): KrakenKeySeed => ({
  key: publicKeyOf(name),
  secret: secretOf(name),
  ...access,
});

/** What the people of the demo hold at Kraken, whichever API shows it. */
export const krakenHoldings: Readonly<Record<DemoPerson, Omit<KrakenHoldingsSeed, 'id'>>> = {
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

export const krakenDemoAccounts = (people: DemoPeople): readonly KrakenAccountSeed[] =>
  demoPeople.map((person) => ({
    ...krakenHoldings[person],
    id: people[person],
    keys: [
      seedOf(person),
      seedOf(`${person}ReadOnly`, { general: 'READ_ONLY' }),
      seedOf(`${person}MayWithdraw`, { transfer: 'FULL_ACCESS' }),
    ],
  }));

export const krakenDemoKeys: readonly DemoKey[] = [
  ...demoPeople.flatMap((person) => [
    demoKey(person, person, 'good', 'works'),
    demoKey(`${person}ReadOnly`, person, 'read only', 'is refused when it is linked: it can only read'),
    demoKey(`${person}MayWithdraw`, person, 'may withdraw', 'is refused when it is linked'),
  ]),
  demoKey('nobody', 'nobody', 'wrong', 'is refused'),
];

function demoKey(name: string, person: DemoKey['person'], label: string, expect: string): DemoKey {
  return { person, label, expect, key: publicKeyOf(name), secret: secretOf(name) };
}

type Refused = Omit<Refusal['fault'], 'name'>;

const codes: readonly Refused[] = [
  { code: 41, message: 'WOULD_CAUSE_LIQUIDATION' },
  { code: 87, message: 'CONTRACT_DOES_NOT_EXIST' },
  { code: 88, message: 'CONTRACT_NOT_FLEXIBLE_FUTURES' },
  { code: 92, message: 'INSUFFICIENT_MARGIN' },
];

const errors = [
  ...['accountInactive', 'apiLimitExceeded', 'authenticationError', 'insufficientFunds', 'invalidAccount'],
  ...['invalidAmount', 'invalidArgument', 'invalidUnit', 'Json Parse Error', 'marketUnavailable'],
  ...['nonceBelowThreshold', 'nonceDuplicate', 'notFound', 'requiredArgumentMissing', 'Server Error'],
  ...['Unavailable', 'unknownError', 'insufficientPrivileges', 'contractNotFound'],
];

/** Every documented error, as the seed page and the venue's other pages name them. */
export const krakenRefusals: readonly Refusal[] = [
  ...codes.map((refused) => refusal(`${refused.code} ${refused.message}`, refused)),
  ...errors.map((error) => refusal(error, { error })),
  refusal('Server Error in a list', { error: 'Server Error', inList: true }),
];

function refusal(title: string, refused: Refused): Refusal {
  return { title, fault: { name: 'refused', ...refused } };
}
