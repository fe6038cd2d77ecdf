import { randomBytes } from 'node:crypto';
import { credentialsOf } from '../../src/account.ts';
import { createKeyGuard } from '../../src/confirm/key-guard.ts';
import type { Proposal } from '../../src/confirm/proposal.ts';
import { createProposals } from '../../src/confirm/proposals.ts';
import type { Delivery } from '../../src/delivery.ts';
import { Secret } from '../../src/secret.ts';
import { chunksOf } from '../../src/store/pages.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { type Entry, MOST_KEYS, type Store } from '../../src/store/store.ts';
import { openKeyring } from '../../src/vault/keyring.ts';
import { createVault } from '../../src/vault/vault.ts';
import { accountOf } from '../world/accounts.ts';
import { type Trader, trader } from '../world/people.ts';
import { masterKey } from '../world/seeded-store.ts';

const REAL_ACCOUNTS = 200;
const OPEN_CARDS = 20;
const KEEP_MS = 90 * 86_400_000;

/**
 * A database file with so many accounts and ended proposals, as years of use leave it.
 *
 * Two hundred accounts are real and spread over all of them; the others' rows are copies, as long as the real ones,
 * that nobody opens.
 */
export async function growStore(size: { readonly file: string; readonly accounts: number; readonly past: number }) {
  const store = createSqliteStore({ file: size.file, now: Date.now });
  const keyring = await openKeyring(store, [{ id: masterKey.id, key: new Secret(masterKey.key) }]);
  const vault = createVault({ keyring, maxKeys: 10, onOpened: () => {}, labelOf: (venue) => venue });
  const newId = () => randomBytes(16).toString('base64url');
  const guard = createKeyGuard({ elapsed: () => performance.now(), isRunning: () => false });
  const proposals = createProposals({ ...keyring.rows, newId, keepMs: KEEP_MS, guard });
  const step = Math.max(1, Math.floor(size.accounts / REAL_ACCOUNTS));
  const people = Array.from({ length: REAL_ACCOUNTS }, (_, index) => trader(index * step + (index % 2)));

  for (const person of people) {
    const { fingerprint } = await vault.saveIncoming(accountOf(person), credentialsOf(person.id, person.key));
    await vault.activate(accountOf(person), fingerprint);
  }
  await endOne();
  const [past] = await store.list('proposal/', { limit: 1 });
  const [account] = await store.list('credential/', { limit: 1 });
  if (past === undefined || account === undefined) throw new Error('nothing to copy');
  await copyRows(store, size.accounts - REAL_ACCOUNTS, (index) => [copyOf(account, accountKey(index))]);
  await copyRows(store, size.past - 1, (index) => {
    const id = newId();
    return [copyOf(past, `proposal/${id}`), copyOf({ ...past, value: '' }, `owned/${trader(index).id}/${id}`)];
  });
  for (const person of people.slice(0, OPEN_CARDS)) await open(person);

  async function open(person: Trader): Promise<Proposal> {
    const { keyHash } = await vault.load(accountOf(person));
    return proposals.open(wishOf(person, keyHash), 600_000, delivery);
  }

  async function endOne(): Promise<void> {
    const [first] = people;
    if (first === undefined) return;
    const claim = await proposals.claim((await open(first)).id, delivery);
    if (claim.kind !== 'claimed') throw new Error(claim.kind);
    await proposals.finish(claim.found, { kind: 'applied', asOf: Date.now(), isReadBack: true });
  }

  return { store, keyring, vault, proposals, people, open };
}

const accountKey = (index: number) => `credential/${trader(index).id}/filler-venue/main`;

function copyOf({ value, expiresAt }: Entry, key: string) {
  return { key, value, ...(expiresAt !== undefined && { ttlMs: KEEP_MS }) };
}

async function copyRows(
  store: Store,
  count: number,
  rows: (index: number) => readonly { readonly key: string; readonly value: string }[],
): Promise<void> {
  const indexes = Array.from({ length: count }, (_, index) => index);
  for (const some of chunksOf(indexes, MOST_KEYS / 2)) await store.commit({ writes: some.flatMap(rows) });
}

export const delivery: Delivery = {
  kind: 'own',
  token: 'x'.repeat(80),
  at: 0,
  channel: '300000000000000001',
  isPublic: false,
};

function wishOf(person: Trader, keyHash: string): Omit<Proposal, 'id' | 'createdAt' | 'expiresAt'> {
  const bounds = { min: '1', max: '50', step: '0.01' };
  const { market: symbol, venue } = person;
  const market = {
    venue,
    id: symbol,
    symbol,
    aliases: ['BTCUSD', 'XBTUSD'],
    base: 'BTC',
    quote: 'USD',
    bounds,
    tradeable: true,
  };
  const current = { mode: 'isolated', leverage: '3' } as const;
  const seen = { current, position: 'none', hasOpenOrders: false, bounds, isRisky: false } as const;
  const setting = { mode: 'isolated', leverage: '5' } as const;
  return {
    by: accountOf(person).user,
    account: accountOf(person),
    keyHash,
    market,
    setting,
    seen,
    channel: delivery.channel,
    isShared: false,
  };
}
