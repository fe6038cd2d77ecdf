import { isSameSpot, type Journal, type Read, type Spot, type Value } from '../journal.ts';

/** What a venue held, and what somebody who read it could have seen. */
export type Timeline = {
  /** The reads of a spot after `since`, a number of the journal, that had been asked for by `asOf`; in order. */
  readonly readsOf: (spot: Spot, since: number, asOf: number) => readonly Read[];
  /** Whether one of these reads could have shown a value that fits. */
  readonly couldRead: (spot: Spot, since: number, asOf: number, fits: (value: Value) => boolean) => boolean;
};

/**
 * Lays the venues' write logs and the journal's reads side by side.
 *
 * The last two reads by `asOf` bound the moment: the second is the read-back, unless another flow of the same person
 * read in the few milliseconds until the bot looked at its clock.
 */
export function createTimeline({ changes, reads }: Journal): Timeline {
  function readsOf(spot: Spot, since: number, asOf: number): readonly Read[] {
    return reads.filter(
      ({ seq, at, user, venue, market }) =>
        seq > since &&
        at <= asOf &&
        user === spot.user &&
        venue === spot.venue &&
        (market ?? spot.market) === spot.market,
    );
  }

  return {
    readsOf,
    couldRead(spot, since, asOf, fits) {
      const from = readsOf(spot, since, asOf).at(-2)?.seq ?? since;
      const own = changes.filter((change) => isSameSpot(change.spot, spot) && change.at <= asOf);
      const before = own.findLast(({ seq }) => seq <= from);
      const during = own.filter(({ seq }) => seq > from);
      return [before, ...during].some((change) => fits(change?.value));
    },
  };
}
