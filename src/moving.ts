import { type Account, accountPath } from './account.ts';
import { type FormerVenue, moveSteps } from './leverage/retirement.ts';
import type { Retirement, VenueFacts } from './leverage/venue.ts';
import type { News } from './messenger.ts';
import type { Life } from './store/lives.ts';
import { removeAll } from './store/pages.ts';
import { plainRows } from './store/sealed-rows.ts';
import type { Store, Write } from './store/store.ts';
import type { View } from './view.ts';

/** That a person was told this week that an exchange ends of which they have a key. */
export const reminderRows = plainRows('reminder');
/** A key that the bot has erased because its exchange ended, until its owner was told. */
export const erasedRows = plainRows('erased');

/** That an exchange is closed for good, with the day that closed it: a clock that is set back opens nothing again. */
export const closedRows = plainRows('closed');

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const REMIND_MS = 7 * DAY_MS;
const KNOWN_MS = 365 * DAY_MS;
/** An hour between two sweeps is never quite one. */
const SURE_AFTER_MS = HOUR_MS - 5 * 60_000;

/** How long notes of this kind live at most. */
export const movingLives: readonly Life[] = [
  [reminderRows.prefix, REMIND_MS],
  [erasedRows.prefix, KNOWN_MS],
];

/** An exchange that ends; its successor where this bot offers it. */
export type EndingVenue = {
  readonly id: string;
  readonly label: string;
  readonly retires: Retirement;
  readonly successor?: VenueFacts;
};

type MovingOptions = {
  readonly store: Store;
  readonly ending: readonly EndingVenue[];
  readonly former: Readonly<Record<string, FormerVenue>>;
  readonly keys: {
    /** Without opening one of them. */
    readonly activeOf: (user: string) => Promise<readonly Account[]>;
    /** Erases every key of a venue; the note is part of each key's commit. @returns how many */
    readonly eraseOf: (venue: string, noteOf: (account: Account) => Write) => Promise<number>;
  };
  /** What the host believes the time to be just now, milliseconds since the epoch; it may go back. */
  readonly wall: () => number;
  /** Milliseconds that have passed, whatever that clock was set to. */
  readonly elapsed: () => number;
  readonly onClosed: (venue: string) => void;
  readonly onErased: (venue: string, keys: number) => void;
};

/** `dueSince`: since when, by time that passed, a day has been over, by what was to happen on it. */
type Context = MovingOptions & { readonly dueSince: Map<string, number> };

export type Moving = ReturnType<typeof createMoving>;

/** @returns the venues that are closed for good, with the days that closed them (milliseconds since the epoch) */
export async function readClosed(store: Store): Promise<ReadonlyMap<string, number>> {
  const rows = await store.list(closedRows.prefix);
  return new Map(rows.map(({ key, value }) => [key.slice(closedRows.prefix.length), Number(value)]));
}

/** Leads people away from exchanges that end: tells them each week, erases what is left of their keys, and says so. */
export function createMoving(options: MovingOptions) {
  const context: Context = { ...options, dueSince: new Map() };
  return {
    /** What a person is to be told with their next command. */
    newsFor: (user: string) => newsFor(context, user),
    /** Whoever has just added a key was told where they did. */
    noteAdded: (account: Account) => noteAdded(context, account),
    /** Closes for good what has ended, and erases the keys whose time has come; to be called every hour. */
    sweep: () => sweep(context),
    /** Forgets what was noted about a person. */
    forget: (user: string) =>
      removeAll(
        options.store,
        [reminderRows, erasedRows].map(({ prefix }) => `${prefix}${user}/`),
      ),
  };
}

async function newsFor(context: Context, user: string): Promise<readonly News[]> {
  return [...(await erasedNews(context, user)), ...(await reminders(context, user))];
}

async function erasedNews({ store, ending, former }: Context, user: string): Promise<readonly News[]> {
  const noted = await store.list(`${erasedRows.prefix}${user}/`);
  const venues = [...new Set(noted.map(({ key }) => venueIn(key)))];
  return venues.map((id) => {
    const rows = noted.filter(({ key }) => venueIn(key) === id);
    const labels = rows.map(({ key }) => key.slice(key.lastIndexOf('/') + 1));
    const told = () => removeAll(store, [`${erasedRows.prefix}${user}/${id}/`]);
    const found = ending.find((venue) => venue.id === id);
    return { view: erasedView(found?.label ?? former[id]?.label ?? id, labels, whyErased(found, former[id])), told };
  });
}

function venueIn(key: string): string {
  return key.split('/')[2] ?? '';
}

async function reminders({ store, ending, keys }: Context, user: string): Promise<readonly News[]> {
  const own = await keys.activeOf(user);
  const concerned = ending.filter(({ id }) => own.some(({ venue }) => venue === id));
  const due = concerned.map(async (venue): Promise<readonly News[]> => {
    const reminded = remindedOf(user, venue.id);
    if ((await store.get(reminded.key)) !== undefined) return [];
    const told = async () => void (await store.commit({ writes: [reminded] }));
    const hasMoved = own.some((account) => account.venue === venue.successor?.id);
    return [{ view: reminderView(venue, hasMoved), told }];
  });
  return (await Promise.all(due)).flat();
}

function remindedOf(user: string, venue: string) {
  return { key: `${reminderRows.prefix}${user}/${venue}`, value: '', ttlMs: REMIND_MS } as const;
}

async function noteAdded({ store, ending }: Context, { user, venue }: Account): Promise<void> {
  if (ending.some(({ id }) => id === venue)) await store.commit({ writes: [remindedOf(user, venue)] });
}

function reminderView(venue: EndingVenue, hasMoved: boolean): View {
  const { label, successor } = venue;
  return {
    tone: 'plain',
    title: hasMoved ? `Your ${label} key is needed no more` : `Your ${label} key needs a successor`,
    body: moveSteps(venue, successor, hasMoved).join('\n'),
    footer: 'The bot says this once a week while you have such a key.',
  };
}

function erasedView(label: string, names: readonly string[], why: string): View {
  const which = names.map((name) => `"${name}"`).join(', ');
  return {
    tone: 'plain',
    title: `Erased: your ${label} ${names.length === 1 ? 'key' : 'keys'} ${which}`,
    body: `${why} Encrypted daily backups keep what was erased until they are overwritten.`,
  };
}

function whyErased(ending: EndingVenue | undefined, former: FormerVenue | undefined): string {
  const still = 'At the exchange the key may still exist: delete it there.';
  if (ending === undefined) return `${former === undefined ? 'The exchange has ended' : former.ended}. ${still}`;
  const { successor } = ending;
  const next = successor === undefined ? '' : ` For ${successor.label}, add a new one with /keys add.`;
  return `The bot sends nothing to ${ending.label} any more. ${still}${next}`;
}

async function sweep(context: Context): Promise<void> {
  const { ending, former, keys, onErased } = context;
  for (const venue of ending) {
    if (isSurelyOver(context, `closing ${venue.id}`, venue.retires.closesAt)) await close(context, venue);
  }
  const erasable = ending.filter(({ id, retires }) => isSurelyOver(context, `erasing ${id}`, retires.eraseAt));
  const over = [...Object.keys(former), ...erasable.map(({ id }) => id)];
  for (const venue of over) {
    const noteOf = (account: Account): Write => ({
      key: `${erasedRows.prefix}${accountPath(account)}`,
      value: '',
      ttlMs: KNOWN_MS,
    });
    const erased = await keys.eraseOf(venue, noteOf);
    if (erased > 0) onErased(venue, erased);
  }
}

async function close({ store, onClosed }: Context, { id, retires }: EndingVenue): Promise<void> {
  const [key, value] = [closedRows.prefix + id, String(retires.closesAt)];
  if ((await store.get(key))?.value === value) return;
  await store.commit({ writes: [{ key, value }] });
  onClosed(id);
}

/**
 * Whether a day has come by the host's clock in two sweeps, an hour of time that passed apart.
 *
 * Nothing brings back what is done then, and a clock that is wrong is mostly put right soon: before time synchronisation has
 * answered, or after a slip of an operator. So one look at it decides nothing; and it is the host's clock, since that of
 * this process never goes back and would keep a wrong jump.
 */
function isSurelyOver({ dueSince, wall, elapsed }: Context, what: string, day: number): boolean {
  if (wall() < day) {
    dueSince.delete(what);
    return false;
  }
  const since = dueSince.get(what) ?? elapsed();
  dueSince.set(what, since);
  return elapsed() - since >= SURE_AFTER_MS;
}
