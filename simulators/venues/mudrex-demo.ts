import { type DemoKey, type DemoPeople, type DemoPerson, demoPeople, type Key, type Refusal } from './exchange.ts';
import type { MudrexAccountSeed } from './mudrex-state.ts';

/** All values are made up and always the same. */
export const mudrexKey = (name: string): Key => ({ apiSecret: secretOf(name) });

const secretOf = (name: string) => `demo-mudrex-secret-of-${name}-not-a-real-key`;

const holdings: Readonly<Record<DemoPerson, Partial<MudrexAccountSeed>>> = {
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

export const mudrexDemoAccounts = (people: DemoPeople): readonly MudrexAccountSeed[] =>
  demoPeople.map((person) => ({ ...holdings[person], id: people[person], secret: secretOf(person) }));

export const mudrexDemoKeys: readonly DemoKey[] = [
  ...demoPeople.map((person): DemoKey => ({ person, label: 'good', expect: 'works', secret: secretOf(person) })),
  { person: 'nobody', label: 'wrong', expect: 'is refused', secret: secretOf('nobody') },
];

const refusals: readonly Omit<Refusal['fault'], 'name'>[] = [
  { text: 'leverage out of permissible range', status: 400 },
  { text: 'invalid asset id', status: 400 },
  { text: 'asset not found', status: 400 },
  { text: 'params error', status: 400 },
  { text: 'invalid trade currency', status: 400 },
  { text: 'leverage not found', status: 404 },
  { text: 'insufficient balance', status: 400 },
  { text: 'invalid authentication', status: 401, code: 3100 },
  { text: 'insufficient scope', status: 403 },
  { text: 'conflict', status: 409 },
  { text: 'rate limit exceeded', status: 429 },
  { text: 'something went wrong', status: 500 },
];

/** Every documented error, as the seed page and the venue's other pages name them. */
export const mudrexRefusals: readonly Refusal[] = refusals.map((refused) => ({
  title: `${refused.status} ${refused.text}`,
  fault: { name: 'refused', ...refused },
}));
