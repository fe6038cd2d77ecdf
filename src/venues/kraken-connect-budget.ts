import type { Limit } from '../errors.ts';
import { openSocket, type SocketOpening, type SocketOptions } from './socket.ts';
import { restMs } from './venue-api.ts';
import { type Refused, refused } from './verdict.ts';

/** Why no connection may be opened now, and for how long. */
export type ConnectWait = { readonly kind: 'busy'; readonly limit: Limit; readonly retryAfterMs: number };

export type ConnectBudget = {
  /**
   * Counts one attempt, which must be made then.
   *
   * @param user - Whose key the connection is for; none for public data.
   * @returns why it may not be made, in which case it does not count.
   */
  readonly take: (user: string | undefined) => ConnectWait | undefined;
  /** The venue wants no connections for a while. @returns for how long */
  readonly pause: (retryAfter: string | undefined) => ConnectWait;
  /** The venue is in maintenance: until told otherwise there are some seconds between two attempts. */
  readonly setMaintenance: (isInMaintenance: boolean) => void;
};

type ConnectBudgetOptions = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that have passed, whatever a clock was set to. */
  readonly elapsed: () => number;
};

type Attempt = { readonly at: number; readonly user: string | undefined };

/**
 * Kraken bans an address for ten minutes that has tried to connect about 150 times in ten minutes, and connections to its
 * other addresses may count as well.
 *
 * @see docs.kraken.com/exchange/guides/websockets/introduction
 */
const windowMs = 10 * 60_000;
const mostConnects = 100;
const mostConnectsOfPerson = 10;
/** Public data has one connection: only one that breaks all the time needs more, and then people's keys need the rest. */
const mostConnectsForPublic = 20;
const betweenMs = 5_000;
/** However long the venue says. */
const longestPauseMs = 60 * 60_000;

/** Keeps the connections of this process to one venue within what the venue bears, and within one person's share of it. */
export function createConnectBudget({ now, elapsed }: ConnectBudgetOptions): ConnectBudget {
  /** Of the last ten minutes, oldest first. */
  let attempts: readonly Attempt[] = [];
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let isInMaintenance = false;

  function waitOf(user: string | undefined): ConnectWait | undefined {
    const own = attempts.filter((one) => one.user === user);
    const last = attempts.at(-1);
    const [most, limit] =
      user === undefined
        ? ([mostConnectsForPublic, 'connects'] as const)
        : ([mostConnectsOfPerson, 'connects-of-person'] as const);
    if (pausedUntil > elapsed()) return waitUntil('address', pausedUntil);
    if (own.length >= most) return waitUntil(limit, leavesAt(own[0]));
    if (attempts.length >= mostConnects) return waitUntil('connects', leavesAt(attempts[0]));
    if (!isInMaintenance || last === undefined || elapsed() - last.at >= betweenMs) return undefined;
    return waitUntil('connects', last.at + betweenMs);
  }

  const leavesAt = (attempt: Attempt | undefined) => (attempt?.at ?? elapsed()) + windowMs;

  const waitUntil = (limit: Limit, at: number): ConnectWait => ({
    kind: 'busy',
    limit,
    retryAfterMs: Math.max(1, Math.ceil(at - elapsed())),
  });

  return {
    take: (user) => {
      attempts = attempts.filter(({ at }) => elapsed() - at < windowMs);
      const wait = waitOf(user);
      if (wait === undefined) attempts = [...attempts, { at: elapsed(), user }];
      return wait;
    },
    pause: (retryAfter) => {
      const ms = Math.min(restMs(retryAfter, now()) ?? windowMs, longestPauseMs);
      pausedUntil = Math.max(pausedUntil, elapsed() + ms);
      return waitUntil('address', pausedUntil);
    },
    setMaintenance: (is) => {
      isInMaintenance = is;
    },
  };
}

/** Why there is no connection. */
export type NotConnected = ConnectWait | Refused | { readonly kind: 'not-sent' };

/** Opens a connection for which {@link ConnectBudget.take} had room, and heeds what the venue says to it. */
export async function connect(
  budget: ConnectBudget,
  options: SocketOptions,
): Promise<Extract<SocketOpening, { kind: 'open' }> | NotConnected> {
  const opening = await openSocket(options);
  if (opening.kind !== 'turned-away') return opening;
  const { status, retryAfter } = opening;
  if (status === 429) return budget.pause(retryAfter);
  if (status !== 503) return { kind: 'not-sent' };
  budget.setMaintenance(true);
  if (retryAfter !== undefined) budget.pause(retryAfter);
  return refused('venue-unavailable');
}
