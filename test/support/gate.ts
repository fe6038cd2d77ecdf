import { randomBytes } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { type Account, type Credentials, credentialsOf } from '../../src/account.ts';
import type { Call } from '../../src/command.ts';
import { createGate } from '../../src/confirm/gate.ts';
import type { Outcome } from '../../src/confirm/outcome.ts';
import type { Proposal } from '../../src/confirm/proposal.ts';
import type { Delivery, OwnMessage } from '../../src/delivery.ts';
import { Failure } from '../../src/errors.ts';
import type { Rules } from '../../src/leverage/policy.ts';
import type { LeverageSetting } from '../../src/leverage/setting.ts';
import type { VenueFacts } from '../../src/leverage/venue.ts';
import type { Press, PressReply } from '../../src/press.ts';
import { rowKinds } from '../../src/row-kinds.ts';
import { kindOf, type UnreadableRow } from '../../src/store/sealed-rows.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import type { MasterKey } from '../../src/vault/envelope.ts';
import { openKeyring, type Repair } from '../../src/vault/keyring.ts';
import { createVault } from '../../src/vault/vault.ts';
import type { Verb, View } from '../../src/view.ts';
import { createClock } from './clock.ts';
import { masterKey } from './keyring.ts';
import { createPaperVenue } from './paper-venue.ts';

export const CARD_MS = 60_000;
export const [alice, bob] = ['100', '200'] as const;

export const delivery: OwnMessage = { kind: 'own', token: 'interaction-token', at: 0, channel: '300', isPublic: false };

/** Nothing is limited. */
export const freely: Rules = {
  allowedGuilds: new Set(),
  allowedUsers: new Set(),
  maxLeverage: new Map(),
  isHalted: false,
};

export const isolated = (leverage: string): LeverageSetting => ({ mode: 'isolated', leverage });

/** One person's call of a command in the channel 300. */
export function callOf(user: string, isShared = false): Call {
  return { user, userName: user, channel: '300', isShared, delivery };
}

export type Disk = {
  /** Whether every call fails, as with a broken disk. */
  isDown: boolean;
  /** Awaited before each commit. */
  beforeCommit: () => Promise<unknown>;
};

function on(disk: Disk, store: Store): Store {
  const guarded =
    <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (disk.isDown) throw new Failure({ code: 'STORE_UNAVAILABLE' });
      return call(...args);
    };
  const commit: Store['commit'] = async (change) => {
    await disk.beforeCommit();
    return store.commit(change);
  };
  const takeDue: Store['takeDue'] = async (take) => {
    await disk.beforeCommit();
    return store.takeDue(take);
  };
  return {
    ...store,
    get: guarded(store.get),
    list: guarded(store.list),
    commit: guarded(commit),
    takeDue: guarded(takeDue),
  };
}

function counting(reads: { rows: number; largest: number }, store: Store): Store {
  const count = (rows: number) => {
    reads.rows += rows;
    reads.largest = Math.max(reads.largest, rows);
  };
  const get: Store['get'] = async (key) => {
    count(1);
    return store.get(key);
  };
  const list: Store['list'] = async (prefix, page) => {
    const found = await store.list(prefix, page);
    count(found.length);
    return found;
  };
  return { ...store, get, list };
}

/** Notes the key of every row that is ever written, and what is called. */
function noting(written: Set<string>, calls: ('commit' | 'erase')[], store: Store): Store {
  const commit: Store['commit'] = async (change) => {
    for (const { key } of change.writes) written.add(key);
    calls.push('commit');
    return store.commit(change);
  };
  const erase: Store['erase'] = async () => {
    calls.push('erase');
    return store.erase();
  };
  return { ...store, commit, erase };
}

/**
 * The confirmation gate as the app wires it, between a command and a venue: a real SQLite store in memory, a real vault,
 * a paper venue, and a messenger that keeps what it was given. Every row that it ever writes must be of a declared kind.
 */
export async function openGate(
  options: {
    readonly rules?: Rules;
    readonly facts?: Partial<VenueFacts>;
    /** A database that is there already, and the ring for it. */
    readonly file?: string;
    readonly ring?: readonly [MasterKey, ...MasterKey[]];
  } = {},
) {
  const clock = createClock();
  const disk: Disk = { isDown: false, beforeCommit: async () => {} };
  const memory = createSqliteStore({
    file: options.file ?? ':memory:',
    now: clock.now,
    monotonic: clock.elapsed,
  });
  onTestFinished(() => memory.close());
  const written = new Set<string>();
  /** Every change and erasure of the store, in order. */
  const calls: ('commit' | 'erase')[] = [];
  /** Rows that were read, in all and by the largest list; tests set them back. */
  const reads = { rows: 0, largest: 0 };
  const store = on(disk, noting(written, calls, counting(reads, memory)));
  const unreadable: UnreadableRow[] = [];
  const repairs: Repair[] = [];
  const keyring = await openKeyring(store, options.ring ?? [masterKey('k1')], {
    kinds: rowKinds,
    onUnreadable: (row) => void unreadable.push(row),
    onRepair: (repair) => void repairs.push(repair),
  });
  onTestFinished(() => expect([...written].filter((key) => kindOf(rowKinds, key) === undefined)).toEqual([]));
  /** What was opened of the stored keys. */
  const opened: Credentials[] = [];
  const vault = createVault({
    keyring,
    maxKeys: 5,
    onOpened: (credentials) => void opened.push(credentials),
    labelOf: (venue) => venue,
  });
  const paper = createPaperVenue(options.facts);
  const venues = new Map([[paper.venue.id, paper.venue]]);
  const messages: { readonly delivery: Delivery; readonly view: View }[] = [];
  const whispers: typeof messages = [];
  const outcomes: { readonly id: string; readonly outcome: Outcome }[] = [];
  const errors: unknown[] = [];
  const voided: string[] = [];
  const forgotten: string[] = [];
  const activated: Account[] = [];
  /** `duringEdit` is awaited before an edit takes effect. */
  const discord: { result: 'told' | 'lost'; duringEdit: () => Promise<unknown> } = {
    result: 'told',
    duringEdit: async () => {},
  };

  /** What a press does while it waits for a change that runs elsewhere. */
  const waiting = { pause: async (ms: number): Promise<unknown> => clock.advance(ms) };
  /** Awaited before an outcome has been made known. */
  const audit = { duringPost: async (): Promise<unknown> => undefined };

  /** The parts that live as long as one process. */
  const start = () =>
    createGate({
      rows: keyring.rows,
      newId: () => randomBytes(16).toString('base64url'),
      clock,
      venues,
      keys: vault,
      rules: options.rules ?? freely,
      messenger: {
        edit: async (to, view) => {
          await discord.duringEdit();
          messages.push({ delivery: to, view });
          return discord.result;
        },
        whisper: async (to, view) => {
          whispers.push({ delivery: to, view });
          return discord.result;
        },
      },
      voidLinks: async (user) => void voided.push(user),
      forgetNotices: async (user) => void forgotten.push(user),
      keepMs: 90 * 86_400_000,
      cardMs: CARD_MS,
      riskPercent: 10,
      pause: (ms) => waiting.pause(ms),
      onOutcome: async ({ id }, outcome) => {
        outcomes.push({ id, outcome });
        await audit.duringPost();
      },
      onKeyUsed: () => {},
      onActivated: (account) => void activated.push(account),
      onError: (error) => void errors.push(error),
    });

  let parts = start();
  const account = (user: string, label = 'main'): Account => ({ user, venue: paper.venue.id, label });

  return {
    ...paper,
    clock,
    store,
    written,
    calls,
    reads,
    opened,
    keyring,
    unreadable,
    repairs,
    disk,
    vault,
    venues,
    messages,
    whispers,
    outcomes,
    errors,
    voided,
    forgotten,
    activated,
    discord,
    waiting,
    audit,
    account,
    delivery,
    parts: () => parts,
    /** Another process on the same store. */
    another: start,
    /** As after kill -9: what was in memory is forgotten, what was stored is there. */
    restart: () => {
      parts = start();
    },
    addKey: async (user: string, secret = `secret-of-${user}`, label = 'main'): Promise<string> => {
      const { fingerprint } = await vault.saveIncoming(account(user, label), credentialsOf(user, { secret }));
      await vault.activate(account(user, label), fingerprint);
      return fingerprint;
    },
    /** A card for this change; it must lead to one. */
    ask: async (
      user: string,
      wish: { readonly market?: string; readonly setting?: LeverageSetting; readonly label?: string } = {},
      isShared = false,
    ): Promise<Proposal> => {
      const { market = 'BTCUSD', setting = isolated('5'), label = 'main' } = wish;
      const card = await parts.cards.ask(callOf(user, isShared), { venue: paper.venue.id, market, setting, label });
      if (card.proposal === undefined) throw new TypeError(`no card: ${card.view.title}`);
      return card.proposal;
    },
    press: (
      verb: Verb,
      id: string,
      user: string = alice,
      progress: (view: View) => void = () => {},
      on: Partial<OwnMessage> = {},
    ) => {
      const press: Press = { ...callOf(user), verb, id, delivery: { ...delivery, ...on } };
      return parts.press(press, progress);
    },
  };
}

export type Gate = Awaited<ReturnType<typeof openGate>>;

/** Everything that a view says, in one text. */
export function wordsOf(view: View | undefined): string {
  const text = (value: View['body']) =>
    (typeof value === 'string' ? [value] : (value ?? []))
      .map((span) => (typeof span === 'string' ? span : JSON.stringify(span)))
      .join('');
  const fields = (view?.fields ?? []).map(({ name, value }) => `${name}: ${text(value)}`);
  return [view?.title, text(view?.body), ...fields, view?.footer].filter(Boolean).join('\n');
}

export function labelsOf(view: View | undefined): readonly string[] {
  return (view?.buttons ?? []).map(({ label }) => label);
}

/** What a press shows in place of its card. */
export function shownBy({ update }: PressReply): string {
  return wordsOf(update);
}
