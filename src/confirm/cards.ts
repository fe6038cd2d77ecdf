import type { Account, Credentials } from '../account.ts';
import type { Caller } from '../caller.ts';
import type { Delivery } from '../delivery.ts';
import { Failure } from '../errors.ts';
import type { Keys, LoadedKey } from '../keys.ts';
import type { LastSets } from '../leverage/last-set.ts';
import { marketLabel } from '../leverage/market.ts';
import { demand, mayAsk, type Rules } from '../leverage/policy.ts';
import { type Preview, preview, type Seen, seenIn } from '../leverage/preview.ts';
import { requireOpen } from '../leverage/retirement.ts';
import { isSameSetting } from '../leverage/setting.ts';
import { chooseCurrency, requireVenue, type Venue, type Venues } from '../leverage/venue.ts';
import type { Wish } from '../leverage/wish.ts';
import { spansOf, type View } from '../view.ts';
import { cardView, noChangeView } from './card-view.ts';
import type { Proposal } from './proposal.ts';
import type { StoredProposal } from './proposal-rows.ts';
import type { NewProposal, Proposals } from './proposals.ts';
import { receiptView, workingView } from './receipt.ts';

/** A card, and the proposal behind it where there is one to press. */
export type Card = { readonly view: View; readonly proposal?: Proposal };

/** Who wants a card, and in which message. */
export type Asker = Caller & {
  readonly isShared: boolean;
  readonly delivery: Delivery;
  /** The id of what the card asks for once more, where nobody knows what became of that. */
  readonly instead?: string;
};

/** What cards are made with. */
export type CardContext = {
  readonly venues: Venues;
  readonly keys: Keys;
  readonly proposals: Proposals;
  readonly rules: Rules;
  /** How long a card can be confirmed. */
  readonly cardMs: number;
  /** A liquidation nearer than this (percent of the mark price) looks risky. */
  readonly riskPercent: number;
  /** What an account has last set through the bot, at a venue that need not show it. */
  readonly lastSetBy: (account: Account) => Promise<LastSets>;
  /** Told of each key that was just read with, for what else is worth reading with it. */
  readonly onKeyUsed: (venue: Venue, credentials: Credentials) => void;
};

/**
 * Makes a card for what a trader wants: reads, checks and proposes; nothing is sent.
 *
 * @throws Failure for everything that stands in the way
 */
export async function askForCard(context: CardContext, asker: Asker, wish: Wish): Promise<Card> {
  const { venues, keys, proposals, rules, riskPercent } = context;
  const venue = requireOpen(venues, wish.venue);
  const { setting } = wish;
  demand(mayAsk(rules, asker, { venue, setting }));
  const currency = chooseCurrency(venue, wish.currency);
  if (!venue.modes.includes(setting.mode)) throw new Failure({ code: 'NO_CROSS', venue: venue.label });
  const key = await keys.load({ user: asker.user, venue: venue.id, label: wish.label });
  const holder = await proposals.holderOf(key.keyHash);
  if (holder !== undefined)
    return { view: { ...busyView(venue, holder, { ...asker, hasCard: false }), isPrivate: true } };
  const fresh = await preview(venue, key.credentials, { market: wish.market, setting, riskPercent, ...currency });
  context.onKeyUsed(venue, key.credentials);
  if (isSameSetting(fresh.current, setting) && !isKept(venue, asker)) return { view: noChangeView(venue, fresh) };
  const { delivery, instead } = asker;
  return propose(context, venue, proposalFor(venue, asker, key, fresh), fresh, {
    delivery,
    ...(instead !== undefined && { instead }),
  });
}

/** A new card from a re-check that found the old one stale. */
export async function renewCard(
  context: CardContext,
  stale: Proposal,
  fresh: Preview,
  delivery: Delivery,
): Promise<Card> {
  const venue = requireVenue(context.venues, stale.account.venue);
  const { id, createdAt, expiresAt, ...proposed } = stale;
  // The same whatever changed: on a shared card it must not tell that a position was opened.
  const note = 'Nothing was sent. This card is new: the last one no longer fits. Please read it again.';
  const renewed = { ...proposed, market: fresh.market, seen: seenFor(venue, proposed, fresh) };
  return propose(context, venue, renewed, fresh, { delivery, note });
}

/** Whether what the venue shows is kept from a channel: there the card is the same whatever it has shown. */
function isKept({ unlisted }: Venue, { isShared }: Pick<Asker, 'isShared'>): boolean {
  return isShared && unlisted === 'unknown';
}

/** What a channel must not learn cannot make a shared card stale either. */
function seenFor(venue: Venue, card: Pick<Asker, 'isShared'>, fresh: Preview): Seen {
  return { ...seenIn(fresh), ...(isKept(venue, card) && { current: { mode: 'unknown' } }) };
}

function proposalFor(venue: Venue, asker: Asker, { account, keyHash }: LoadedKey, fresh: Preview): NewProposal {
  const { user, guild, channel, isShared } = asker;
  const { market, currency, setting } = fresh;
  return {
    by: user,
    account,
    keyHash,
    market,
    setting,
    seen: seenFor(venue, asker, fresh),
    channel,
    isShared,
    ...(currency !== undefined && { currency }),
    ...(guild !== undefined && { guild }),
    ...(venue.unlisted === 'unknown' && { showsSetting: 'sometimes' }),
  };
}

async function propose(
  context: CardContext,
  venue: Venue,
  proposed: NewProposal,
  fresh: Preview,
  card: { readonly delivery: Delivery; readonly instead?: string; readonly note?: string },
): Promise<Card> {
  const { keys, proposals, cardMs } = context;
  const { delivery, instead, ...reason } = card;
  const own = await keys.list(proposed.account.user);
  const namesAccount = own.filter(({ account }) => account.venue === venue.id).length > 1;
  const last = fresh.current.mode === 'unknown' ? await context.lastSetBy(proposed.account) : {};
  const lastSet = last[marketLabel(fresh)];
  const proposal = await proposals.open(proposed, cardMs, delivery, instead);
  return { proposal, view: cardView(venue, proposal, fresh, { namesAccount, ...(lastSet && { lastSet }), ...reason }) };
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
  { proposal, outcome }: StoredProposal,
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
