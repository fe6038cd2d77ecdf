import { Failure, type FailureData } from '../errors.ts';
import { dayText } from '../explanation.ts';
import { requireVenue, type Venue, type VenueFacts, type Venues } from './venue.ts';

/** What is said of the end of a venue. */
type Ended = Pick<VenueFacts, 'label' | 'retires'>;

/** A venue that an earlier version had. `ended` says why it is gone, after its label and "has ended". */
export type FormerVenue = { readonly label: string; readonly ended: string };

/** With the day of its end, where there is room for it. */
export function fullLabelOf({ label, retires }: Ended): string {
  return retires === undefined ? label : `${label} (old API, ends ${dayText(retires.at)})`;
}

/** What follows a venue here; undefined where nothing does, or this bot does not offer it. */
export function successorOf(venues: Venues, { retires }: Ended): Venue | undefined {
  return retires?.successor === undefined ? undefined : venues.get(retires.successor);
}

/** Why nothing can be asked of a venue any more; undefined while it can. */
export function closureOf(venues: Venues, id: string): FailureData | undefined {
  const venue = venues.get(id);
  if (venue === undefined) return { code: 'UNKNOWN_VENUE', id };
  return venue.ending?.() === 'closed' ? endedFailure(venue, successorOf(venues, venue)) : undefined;
}

/** @param successor - Of those that this bot offers. */
export function endedFailure(venue: Ended, successor: Ended | undefined): FailureData {
  return { code: 'VENUE_ENDED', ...endOf(venue, successor) };
}

function endOf({ label, retires }: Ended, successor: Ended | undefined) {
  return { venue: label, endsAt: retires?.at ?? 0, ...(successor && { successor: successor.label }) };
}

/** @throws Failure UNKNOWN_VENUE, or VENUE_ENDED for one that is sent nothing any more */
export function requireOpen(venues: Venues, id: string): Venue {
  const venue = requireVenue(venues, id);
  const closure = closureOf(venues, id);
  if (closure !== undefined) throw new Failure(closure);
  return venue;
}

/** @returns why a venue takes no new keys; undefined while it does. */
export function newKeyObstacle(venues: Venues, venue: Venue): FailureData | undefined {
  const ending = venue.ending?.() ?? 'announced';
  return ending === 'announced' ? undefined : { code: 'NO_NEW_KEYS', ...endOf(venue, successorOf(venues, venue)) };
}

/** In a few words, for a line about a key. */
export function keyEndText({ retires }: Ended): string | undefined {
  return retires && `End of its API: ${dayText(retires.at)}. The bot erases this key on ${dayText(retires.eraseAt)}.`;
}

/**
 * What the owner of a key should know and do, a paragraph each, where the key's venue ends; none for any other venue.
 *
 * @param hasMoved - Whether they have a key of its successor already.
 */
export function moveSteps(
  venue: Ended,
  successor: Pick<VenueFacts, 'label' | 'keyAdvice'> | undefined,
  hasMoved = false,
): readonly string[] {
  const { label, retires } = venue;
  if (retires === undefined) return [];
  const { at, closesAt, eraseAt } = retires;
  const dates = `The exchange switches the API of ${label} off on ${dayText(at)}. From ${dayText(closesAt)}, 00:00 UTC, this bot sends nothing to it, and on ${dayText(eraseAt)} it erases the keys that are still stored.`;
  const last = 'Delete the old key at the exchange.';
  if (successor === undefined) {
    return [dates, `This bot does not offer what follows it: ask its operator. Afterwards: ${last}`];
  }
  if (hasMoved) {
    const rest = 'Remove the old one with /keys remove, and delete it at the exchange.';
    return [dates, `You have a key for ${successor.label} already. ${rest}`];
  }
  const follows = `What follows it is ${successor.label}, with a key of another kind:`;
  const add = `2. Add it with /keys add, and choose ${successor.label}.`;
  return [dates, follows, `1. ${successor.keyAdvice}`, add, `3. ${last}`];
}
