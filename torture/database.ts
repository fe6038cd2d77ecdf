import { join } from 'node:path';
import { credentialsOf } from '../src/account.ts';
import { createKeyGuard } from '../src/confirm/key-guard.ts';
import { idIn, rowKeys, type StoredProposal } from '../src/confirm/proposal-rows.ts';
import { createProposals } from '../src/confirm/proposals.ts';
import { createSqliteStore } from '../src/store/sqlite.ts';
import type { Entry, Store } from '../src/store/store.ts';
import type { MasterKey } from '../src/vault/envelope.ts';
import { openKeyring } from '../src/vault/keyring.ts';
import { createVault } from '../src/vault/vault.ts';
import { venueNames } from './bot-messages.ts';
import type { Trader } from './people.ts';
import { labelsAt, torturedVenues } from './venues.ts';

/** What the bot's database holds while no bot has it open. */
export type Contents = {
  readonly proposals: readonly StoredProposal[];
  readonly open: readonly Entry[];
  readonly leases: readonly Entry[];
  /** Ids of proposals whose end somebody must still be told. */
  readonly untold: readonly string[];
  /** How many keys each trader has in use, by their id. */
  readonly keys: ReadonlyMap<string, number>;
};

type Where = { readonly directory: string; readonly masterKey: MasterKey; readonly now: () => number };

async function withStore<T>({ directory, now }: Where, use: (store: Store) => Promise<T>): Promise<T> {
  const store = createSqliteStore({ file: join(directory, 'levergate.db'), now });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Stores every trader's keys as if they had been entered and taken into use. */
export async function linkKeys(where: Where, traders: readonly Trader[]): Promise<void> {
  await withStore(where, async (store) => {
    const keyring = await openKeyring(store, [where.masterKey]);
    const vault = createVault({ keyring, maxKeys: 10, onOpened: () => {}, labelOf: (venue) => venue });
    for (const trader of traders) {
      for (const account of accountsOf(trader)) {
        const credentials = credentialsOf(trader.id, torturedVenues[account.venue].keyOf(trader));
        const { fingerprint } = await vault.saveIncoming(account, credentials);
        await vault.activate(account, fingerprint);
      }
    }
  });
}

const accountsOf = ({ id: user }: Trader) =>
  venueNames.flatMap((venue) => labelsAt(venue).map((label) => ({ user, venue, label })));

/** Opens the database with the product's own code. @throws Failure STORE_IN_USE while a bot runs */
export async function readDatabase(where: Where, traders: readonly Trader[]): Promise<Contents> {
  return withStore(where, async (store) => {
    const keyring = await openKeyring(store, [where.masterKey]);
    const newId = () => '';
    const guard = createKeyGuard({ elapsed: () => performance.now(), isRunning: () => false });
    const proposals = createProposals({ ...keyring.rows, newId, keepMs: 90 * 86_400_000, guard });
    const owned = await Promise.all(traders.map(({ id }) => proposals.ownedBy(id)));
    const untold = await store.list(rowKeys.untold());
    const inUse = await Promise.all(
      traders.map(async ({ id }) => [id, (await store.list(`credential/${id}/`)).length] as const),
    );
    return {
      keys: new Map(inUse),
      proposals: owned.flat(),
      open: await store.list(rowKeys.open()),
      leases: await store.list(rowKeys.lease('')),
      untold: untold.map(idIn),
    };
  });
}
