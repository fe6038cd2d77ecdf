import { endedFailure, type FormerVenue } from '../leverage/retirement.ts';
import type { Budget, Deadlines, Retirement, VenueFacts, Venues } from '../leverage/venue.ts';
import { createHttp } from './http.ts';
import { kraken } from './kraken.ts';
import { krakenFutures } from './kraken-futures.ts';
import { mudrex } from './mudrex.ts';
import { type Ends, retiring, whileOpen } from './retiring.ts';
import { type CallReport, defaultDeadlines, type VenueDefinition, type VenueUrl } from './venue-api.ts';

/** Every venue by id, in the order in which they are shown: the only registry. */
const registry = {
  kraken,
  'kraken-futures': krakenFutures,
  mudrex,
} as const satisfies Readonly<Record<string, VenueDefinition>>;

/** Venues of earlier versions: an operator's list may still name them, and keys of them may still be stored. */
export const formerVenues: Readonly<Record<string, FormerVenue>> = {
  'kraken-futures-demo': { label: 'Kraken Futures DEMO', ended: 'Kraken retired its demo exchange on 14 July 2026' },
};

export type VenueId = keyof typeof registry;

function isVenueId(id: string): id is VenueId {
  return id in registry;
}

export const venueIds: readonly VenueId[] = Object.keys(registry).filter(isVenueId);

/** What is fixed about every venue, whether or not it is offered. */
export const venueFacts: readonly VenueFacts[] = venueIds.map((id) => registry[id].facts);

export type VenuesOptions = {
  /** Base URLs other than the venues' own, such as `http://127.0.0.1:4000/mudrex/fapi/v1`. */
  readonly urls?: Partial<Readonly<Record<VenueId, VenueUrl>>> | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that have passed, whatever a clock was set to. */
  readonly elapsed: () => number;
  /** Limits other than the published ones: they are configurable because venues change them. */
  readonly budgets?: ReadonlyMap<string, Budget>;
  /** Which venues to offer; all of them unless told. */
  readonly enabled?: readonly VenueId[];
  readonly deadlines?: Deadlines | undefined;
  /** When venues end, where that is not as their facts have it. */
  readonly retirements?: ReadonlyMap<VenueId, Retirement>;
  /** Venues that are known to be closed, whatever the time says, with the days that closed them. */
  readonly closed?: ReadonlyMap<string, number>;
  /** How long connections that belong to a key are kept after their last use, in milliseconds. */
  readonly keepMs?: number;
  /** Waits for a budget; milliseconds. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Told of every call that was tried, for metrics. */
  readonly onCall?: (call: CallReport) => void;
};

/** Builds the venues; nothing is sent before the first call. `close` waits for calls under way. */
export function createVenues(options: VenuesOptions): Venues & { readonly close: () => Promise<void> } {
  const {
    urls = {},
    now,
    elapsed,
    budgets = new Map(),
    enabled = venueIds,
    deadlines = defaultDeadlines,
    keepMs,
    sleep,
    onCall,
  } = options;
  const built = inOrder(
    venueIds.filter((id) => enabled.includes(id)),
    options,
  ).map((id) => {
    const http = createHttp({ connectMs: deadlines.connectMs });
    const url = urls[id];
    const budget = budgets.get(id);
    const overrides = {
      ...(url && { url }),
      ...(budget && { budget }),
      ...(keepMs !== undefined && { keepMs }),
      ...(sleep && { sleep }),
      ...(onCall && { onCall }),
    };
    const ends = endsOf(id, { ...options, enabled });
    const gated = ends === undefined ? http : whileOpen(http, ends);
    const venue = registry[id].create({ http: gated, now, elapsed, deadlines, ...overrides });
    return { venue: ends === undefined ? venue : retiring(venue, ends), http };
  });
  const venues: Venues = new Map(built.map(({ venue }) => [venue.id, venue]));
  return Object.assign(venues, {
    close: async () => {
      await Promise.all(built.map(async ({ venue, http }) => Promise.all([venue.close?.(), http.close()])));
    },
  });
}

/** A venue that takes no new keys stands last, and its successor in its place; as of the start. */
function inOrder(ids: readonly VenueId[], { retirements, now }: VenuesOptions): readonly VenueId[] {
  const late = ids.flatMap((id) => {
    const { noNewKeysFrom = Number.POSITIVE_INFINITY, successor } = retiresOf(id, retirements) ?? {};
    const next = ids.find((other) => other === successor);
    return next === undefined || now() < noNewKeysFrom ? [] : [{ id, next }];
  });
  const going = ids.filter((id) => late.every(({ next }) => next !== id));
  return [...going.map((id) => late.find((one) => one.id === id)?.next ?? id), ...late.map(({ id }) => id)];
}

function retiresOf(id: VenueId, retirements: VenuesOptions['retirements']): Retirement | undefined {
  const facts: VenueFacts = registry[id].facts;
  return retirements?.get(id) ?? facts.retires;
}

function endsOf(id: VenueId, { retirements, closed, now, enabled }: VenuesOptions): Ends | undefined {
  const retires = retiresOf(id, retirements);
  if (retires === undefined) return undefined;
  const successor = enabled?.find((other) => other === retires.successor);
  const failure = endedFailure({ ...registry[id].facts, retires }, successor && registry[successor].facts);
  // An operator who moves the day has another end in mind.
  const isClosed = closed?.get(id) === retires.closesAt;
  return { retires, now, isClosed, failure };
}

/** Every venue that ends, offered or not: keys of it may be stored. Its successor only where that is offered. */
export function endingVenues(venues: Venues, retirements: ReadonlyMap<VenueId, Retirement>) {
  return venueIds.flatMap((id) => {
    const retires = retiresOf(id, retirements);
    if (retires === undefined) return [];
    const successor = venues.get(retires.successor ?? '');
    return [{ id, label: registry[id].facts.label, retires, ...(successor && { successor }) }];
  });
}

/** Tells the operator which of the exchanges that are offered will be switched off, and when. */
export function warnOfEnds(
  venues: Venues,
  log: { readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void },
): void {
  for (const { id, retires } of venues.values()) {
    if (retires === undefined) continue;
    const { at, closesAt, successor } = retires;
    const fields = { venue: id, at: new Date(at).toISOString(), closesAt: new Date(closesAt).toISOString(), successor };
    const isFollowed = successor === undefined || venues.has(successor);
    log.warn(fields, `the API of this exchange ends${isFollowed ? '' : ', and VENUES does not name its successor'}`);
  }
}
