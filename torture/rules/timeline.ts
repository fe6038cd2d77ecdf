import { isSameSpot, type Journal, type Spot, type Value } from '../journal.ts';

/** What a venue held, and what somebody who read it could have seen. */
export type Timeline = {
  /**
   * Whether a read whose answer was there by `asOf` could have shown a value that fits.
   *
   * @param since - A number of the journal: the read was after it.
   */
  readonly couldRead: (spot: Spot, since: number, asOf: number, fits: (value: Value) => boolean) => boolean;
};

/**
 * Lays the venues' write logs and the journal's reads side by side.
 *
 * The last two reads by `asOf` bound the moment: the second is the read-back, unless another flow of the same person
 * read in the few milliseconds until the bot looked at its clock.
 */
export function createTimeline({ changes, reads }: Journal): Timeline {
  function boundsOf(spot: Spot, since: number, asOf: number): { readonly from: number; readonly to: number } {
    const own = reads.filter(
      ({ seq, at, user, venue, market }) =>
        seq > since &&
        at <= asOf &&
        user === spot.user &&
        venue === spot.venue &&
        (market ?? spot.market) === spot.market,
    );
    return { from: own.at(-2)?.seq ?? since, to: Number.POSITIVE_INFINITY };
  }

  return {
    couldRead(spot, since, asOf, fits) {
      const { from } = boundsOf(spot, since, asOf);
      const own = changes.filter((change) => isSameSpot(change.spot, spot) && change.at <= asOf);
      const before = own.findLast(({ seq }) => seq <= from);
      const during = own.filter(({ seq }) => seq > from);
      return [before, ...during].some((change) => fits(change?.value));
    },
  };
}
