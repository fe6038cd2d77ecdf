import type { Credentials } from '../account.ts';
import type { Call } from '../command.ts';
import type { Delivery } from '../delivery.ts';
import { Failure } from '../errors.ts';
import type { Keys } from '../keys.ts';
import type { Limits } from '../leverage/limits.ts';
import { type Preview, preview, seenIn } from '../leverage/preview.ts';
import { isSameSetting } from '../leverage/setting.ts';
import { chooseCurrency, requireVenue, type Venue, type Venues } from '../leverage/venue.ts';
import { spansOf, type View } from '../view.ts';
import { cardView, noChangeView } from './card.ts';
import type { Proposal } from './proposal.ts';
import type { Found } from './proposal-rows.ts';
import type { Proposals, Request } from './proposals.ts';
import { receiptView, workingView } from './receipt.ts';
import type { Wish } from './tickets.ts';

/** A card, and the proposal behind it where there is one to press. */
export type Card = { readonly view: View; readonly proposal?: Proposal };

export type Asker = Pick<Call, 'user' | 'guild' | 'channel' | 'isShared'> & { readonly delivery: Delivery };

export type Cards = {
  /** Reads, checks and proposes; nothing is sent. @throws Failure for everything that stands in the way */
  readonly ask: (asker: Asker, wish: Wish) => Promise<Card>;
  /** A new card from a re-check that found the old one stale. */
  readonly renew: (stale: Proposal, fresh: Preview, delivery: Delivery) => Promise<Card>;
};

/**
 * Makes confirmation cards.
 *
 * @param options.cardMs - How long a card can be confirmed.
 * @param options.onOpened - Told of each new proposal, to take its buttons off when it expires.
 */
export function createCards(options: {
  readonly venues: Venues;
  readonly keys: Keys;
  readonly proposals: Proposals;
  readonly limits: Limits;
  readonly cardMs: number;
  readonly riskPercent: number;
  readonly onOpened: (proposal: Proposal) => void;
  /** Told of each key that was just read with, for what else is worth reading with it. */
  readonly onKeyUsed: (venue: Venue, credentials: Credentials) => void;
}): Cards {
  const { venues, keys, proposals, limits, cardMs, riskPercent } = options;

  async function propose(
    venue: Venue,
    request: Request,
    fresh: Preview,
    delivery: Delivery,
    note?: string,
  ): Promise<Card> {
    const own = await keys.list(request.account.user);
    const namesAccount = own.filter(({ account }) => account.venue === venue.id).length > 1;
    const proposal = await proposals.open(request, cardMs, delivery);
    options.onOpened(proposal);
    const reason = { namesAccount, ...(note !== undefined && { note }) };
    return { proposal, view: cardView(venue, proposal, fresh, reason) };
  }

  return {
    ask: async (asker, wish) => {
      const venue = requireVenue(venues, wish.venue);
      const { setting } = wish;
      limits.assertChange(venue, setting);
      const currency = chooseCurrency(venue, wish.currency);
      if (!venue.modes.includes(setting.mode)) throw new Failure({ code: 'NO_CROSS', venue: venue.label });
      const key = await keys.load({ user: asker.user, venue: venue.id, label: wish.label });
      const holder = await proposals.holderOf(key.keyHash);
      if (holder !== undefined)
        return { view: { ...busyView(venue, holder, { user: asker.user, hasCard: false }), isPrivate: true } };
      const request = { market: wish.market, setting, riskPercent, ...currency };
      const fresh = await preview(venue, key.credentials, request);
      options.onKeyUsed(venue, key.credentials);
      if (isSameSetting(fresh.current, setting)) return { view: noChangeView(venue, fresh) };
      const { guild, channel, isShared, delivery } = asker;
      const where = { channel, isShared, ...(guild !== undefined && { guild }) };
      const { account, keyHash } = key;
      return propose(
        venue,
        { by: asker.user, account, keyHash, market: fresh.market, ...currency, setting, seen: seenIn(fresh), ...where },
        fresh,
        delivery,
      );
    },
    renew: async (stale, fresh, delivery) => {
      const venue = requireVenue(venues, stale.account.venue);
      const { id, createdAt, expiresAt, ...request } = stale;
      // The same whatever changed: on a shared card it must not tell that a position was opened.
      const note = 'Nothing was sent. This card is new: the last one no longer fits. Please read it again.';
      return propose(venue, { ...request, market: fresh.market, seen: seenIn(fresh) }, fresh, delivery, note);
    },
  };
}

/**
 * Says that nothing was sent for what was asked now, and which change holds this API key, with "Check now" once that
 * one was sent.
 *
 * @param asker.hasCard - Whether a card of theirs was pressed, which stays open.
 * @throws Failure KEY_SHARED when it is somebody else's change, of which nothing is told
 */
export function busyView(
  venue: Venue,
  { proposal, outcome }: Found,
  asker: { readonly user: string; readonly hasCard: boolean },
): View {
  if (proposal.by !== asker.user) throw new Failure({ code: 'KEY_SHARED', venue: venue.label });
  const now = outcome === undefined ? workingView(venue.label, proposal) : receiptView(venue.label, proposal, outcome);
  const next = asker.hasCard
    ? 'Nothing was sent for this card. Press it again when the other change has its result.'
    : 'No card was made and nothing was sent. Run the command again when the other change has its result.';
  // What is under way says of its own message that the result replaces it; this one stays as it is.
  const story = outcome === undefined ? [] : ['\n', ...spansOf(now.body ?? '')];
  return { ...now, title: `Another change with this key is not finished. ${now.title}`, body: [next, ...story] };
}
