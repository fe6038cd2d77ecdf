import { Failure, type FailureData } from '../errors.ts';
import type { ApplyResult, Ending, Retirement, Venue } from '../leverage/venue.ts';
import type { Http } from './http.ts';

export type Ends = {
  readonly retires: Retirement;
  /** Milliseconds since the epoch; must not go back. */
  readonly now: () => number;
  /** Whether it is known to be closed, whatever the time says. */
  readonly isClosed?: boolean;
  /** What everything that would be asked of it meets from its closing on. */
  readonly failure: FailureData;
};

/**
 * A venue that ends: from its closing on every call is refused before anything of it reaches the network, and a change
 * that waits for its turn at that moment is not sent.
 *
 * After the end its host may answer anything, or belong to somebody else.
 */
export function retiring(venue: Venue, ends: Ends): Venue {
  const { retires, failure } = ends;
  const ending = () => endingOf(ends);
  const isOpen = () => ending() !== 'closed';
  const refusing =
    <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (!isOpen()) throw new Failure(failure);
      try {
        return await call(...args);
      } catch (error) {
        // Its second try, or what else it had to ask, came after the closing.
        throw error instanceof Failure && !isOpen() ? new Failure(failure, { cause: error }) : error;
      }
    };
  const { readWarnings } = venue;
  return {
    ...venue,
    retires,
    ending,
    listMarkets: refusing(venue.listMarkets),
    readMarket: refusing(venue.readMarket),
    readSetting: refusing(venue.readSetting),
    listSettings: refusing(venue.listSettings),
    readPosition: refusing(venue.readPosition),
    readOpenOrders: refusing(venue.readOpenOrders),
    checkKey: refusing(venue.checkKey),
    ...(readWarnings && { readWarnings: refusing(readWarnings) }),
    applySetting: async (credentials, target, setting, isInTime): Promise<ApplyResult> => {
      const ended: ApplyResult = { kind: 'not-sent', failure };
      if (!isOpen()) return ended;
      // Asked once more right before the request goes out.
      const result = await venue.applySetting(credentials, target, setting, () => isOpen() && isInTime());
      return result.kind === 'not-sent' && !isOpen() ? ended : result;
    },
  };
}

/** HTTP for such a venue: a request that still waits for its turn at the closing is not sent, not even a read. */
export function whileOpen(http: Http, ends: Ends): Http {
  const isOpen = () => endingOf(ends) !== 'closed';
  const send: Http['send'] = (one) => http.send({ ...one, isInTime: () => isOpen() && (one.isInTime?.() ?? true) });
  return { ...http, send };
}

function endingOf({ retires, now, isClosed }: Ends): Ending {
  const time = now();
  if (time >= retires.closesAt || isClosed === true) return 'closed';
  return time >= retires.noNewKeysFrom ? 'no-new-keys' : 'announced';
}
