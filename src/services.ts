import type { Account } from './account.ts';
import type { Cards } from './confirm/gate.ts';
import type { Tickets } from './confirm/tickets.ts';
import type { Delivery } from './delivery.ts';
import type { Keys } from './keys.ts';
import type { LastSets } from './leverage/last-set.ts';
import type { MarketBook } from './leverage/market-book.ts';
import type { Rules } from './leverage/policy.ts';
import type { Venues } from './leverage/venue.ts';

/** What commands work with; `createApp` gives it to them. */
export type Services = {
  readonly venues: Venues;
  readonly markets: MarketBook;
  readonly keys: Keys;
  readonly cards: Cards;
  readonly tickets: Tickets;
  readonly rules: Rules;
  /** Makes the one-time link to the page on which a key is entered. @throws Failure LINKS_OFF, TOO_MANY_LINKS */
  readonly createKeyLink: (request: {
    readonly account: Account;
    readonly userName: string;
    readonly guild?: string;
    readonly delivery: Delivery;
  }) => Promise<{ readonly url: string; readonly expiresAt: number; readonly isLocal: boolean }>;
  /** Symbols whose leverage this account has set through the bot. */
  readonly symbolsSetBy: (account: Account) => Promise<readonly string[]>;
  /** What this account has last set through the bot, at a venue that need not show it. */
  readonly lastSetBy: (account: Account) => Promise<LastSets>;
  /** How people reach whoever runs this bot; what is not there is not shown. */
  readonly operator: { readonly contact?: string; readonly privacyUrl?: string };
  /** How long ended cards are kept, in milliseconds. */
  readonly keepMs: number;
  readonly now: () => Promise<number>;
};
