import { createHash } from 'node:crypto';
import { type DemoKey, type DemoPeople, demoPeople, type Key, type Refusal } from './exchange.ts';
import { krakenHoldings } from './kraken-demo.ts';
import { goodPermissions, type UnifiedAccountSeed, type UnifiedKeySeed } from './kraken-unified-state.ts';

/** All values are made up and always the same. */
export const unifiedKey = (name: string): Key => ({ apiKey: publicKeyOf(name), apiSecret: secretOf(name) });

const publicKeyOf = (name: string) => `demoUnifiedKey/${name}/notReal`.padEnd(56, '0');

/** Base64 of 64 bytes, as the venue's secrets are; the first bytes spell what it is. */
function secretOf(name: string): string {
  const readable = Buffer.from(`demo unified secret of ${name}, not real `).subarray(0, 48);
  const rest = createHash('sha512').update(`demo unified ${name}`).digest();
  return Buffer.concat([readable, rest]).subarray(0, 64).toString('base64');
}

type Kind = {
  /** What follows the person's name in the key's own. */
  readonly suffix: string;
  readonly label: string;
  readonly expect: string;
  readonly access: Partial<UnifiedKeySeed>;
};

const without = (left: string) => goodPermissions.filter((one) => one !== left);

const kinds: readonly Kind[] = [
  { suffix: '', label: 'good', expect: 'works', access: {} },
  {
    ...{ suffix: 'ReadOnly', label: 'read only', expect: 'is refused when it is linked: it can only read' },
    access: { permissions: without('modify-trades') },
  },
  {
    ...{ suffix: 'MayWithdraw', label: 'may withdraw', expect: 'is refused when it is linked' },
    access: { permissions: [...goodPermissions, 'withdraw-funds'] },
  },
  {
    ...{ suffix: 'NoSocket', label: 'no WebSocket', expect: 'is refused when it is linked: it may not use WebSockets' },
    access: { permissions: without('create-ws-token') },
  },
  {
    ...{ suffix: 'TwoFactor', label: 'with 2FA', expect: 'is refused when it is linked: it demands a changing code' },
    access: { otp: '123456' },
  },
  {
    ...{ suffix: 'Expired', label: 'expired', expect: 'is refused: it has come to its end' },
    access: { validUntil: Date.UTC(2026, 0, 1) },
  },
  {
    ...{
      suffix: 'UnknownRight',
      label: 'unknown right',
      expect: 'is refused when it is linked: it may do more than is known',
    },
    access: { permissions: [...goodPermissions, 'move-subaccount-funds'] },
  },
];

export const unifiedDemoAccounts = (people: DemoPeople): readonly UnifiedAccountSeed[] =>
  demoPeople.map((person) => ({
    ...krakenHoldings[person],
    id: people[person],
    keys: kinds.map(({ suffix, access }) => ({
      ...{ key: publicKeyOf(`${person}${suffix}`), secret: secretOf(`${person}${suffix}`) },
      ...access,
    })),
  }));

export const unifiedDemoKeys: readonly DemoKey[] = [
  ...demoPeople.flatMap((person) =>
    kinds.map(({ suffix, label, expect }) => demoKey(`${person}${suffix}`, { person, label, expect })),
  ),
  demoKey('nobody', { person: 'nobody', label: 'wrong', expect: 'is refused' }),
];

function demoKey(name: string, about: Pick<DemoKey, 'person' | 'label' | 'expect'>): DemoKey {
  return { ...about, key: publicKeyOf(name), secret: secretOf(name) };
}

/** The page of `set_preference`, then what Kraken's pages name for authentication, limits and outages. */
const texts = [
  "Leverage exceeds the market's margin schedule",
  'Leverage is outside the permitted range for this market',
  'Leverage change would cause liquidation',
  'Insufficient margin for the requested leverage',
  'Leverage change rejected',
  "Unknown 'params.leverage_mode.symbol'",
  ...['EAPI:Invalid key', 'EAPI:Invalid signature', 'EAPI:Invalid nonce', 'EAPI:Invalid token'],
  ...['ESession:Invalid session', 'EGeneral:Permission denied', 'EAPI:Permission denied'],
  ...['EAccount:Invalid permissions', 'EGeneral:Temporary lockout', 'EAPI:Rate limit exceeded'],
  ...['EAuth:Rate limit exceeded', 'EGeneral:Too many requests', 'Exceeded msg rate'],
  ...['EService:Unavailable', 'EService:Busy', 'EService:Deadline elapsed', 'EGeneral:Internal error'],
];

/** Every documented error; each is one text. */
export const unifiedRefusals: readonly Refusal[] = texts.map((error) => ({
  title: error,
  fault: { name: 'refused', error },
}));
