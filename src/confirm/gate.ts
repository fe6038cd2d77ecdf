import type { Account, Credentials } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Keys } from '../keys.ts';
import type { Rules } from '../leverage/policy.ts';
import type { Venue, Venues } from '../leverage/venue.ts';
import type { Wish } from '../leverage/wish.ts';
import type { Messenger } from '../messenger.ts';
import type { PressHandler } from '../press.ts';
import type { RowContext } from '../store/sealed-rows.ts';
import { createAnnouncing } from './announcing.ts';
import { type Asker, askForCard, type Card } from './cards.ts';
import { type Caretaker, createCaretaker } from './caretaker.ts';
import { createKeyGuard } from './key-guard.ts';
import { askToUseKey, type NewKey, warnOfStranger } from './new-key.ts';
import type { Outcome } from './outcome.ts';
import { createPastSymbols, type PastSymbols } from './past-symbols.ts';
import { type Preparation, prepare } from './prepare.ts';
import { handlePress } from './press.ts';
import type { PressContext } from './press-context.ts';
import type { Proposal } from './proposal.ts';
import { createProposals, type Proposals } from './proposals.ts';
import { createRunning } from './running.ts';
import { createTelling, type Telling } from './telling.ts';
import { createTickets, type Tickets } from './tickets.ts';

export type Cards = {
  /** Makes a card for what a trader wants; nothing is sent. @throws Failure for everything that stands in the way */
  readonly ask: (asker: Asker, wish: Wish) => Promise<Card>;
};

export type Gate = {
  readonly proposals: Proposals;
  readonly tickets: Tickets;
  readonly symbols: PastSymbols;
  readonly cards: Cards;
  readonly caretaker: Caretaker;
  readonly telling: Telling;
  readonly press: PressHandler;
  /** To be called once, before anything can be pressed. */
  readonly prepare: (preparation: Preparation) => Promise<void>;
  /** Asks its owner in Discord whether to use a key that was entered on the page. */
  readonly askToUseKey: (newKey: NewKey) => Promise<void>;
  /** Tells the owner of a link that somebody else signed in on it. */
  readonly warnOfStranger: (link: Pick<NewKey, 'account' | 'delivery'>) => Promise<void>;
};

export type GateOptions = RowContext & {
  readonly newId: () => string;
  /** This process's own, beside that of the store. */
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<unknown>;
  readonly venues: Venues;
  readonly keys: Keys;
  readonly rules: Rules;
  readonly messenger: Pick<Messenger, 'edit' | 'whisper'>;
  /** Voids the user's open one-time links. */
  readonly voidLinks: (user: string) => Promise<void>;
  /** How long ended proposals are kept. */
  readonly keepMs: number;
  /** How long a card can be confirmed. */
  readonly cardMs: number;
  /** A liquidation nearer than this (percent of the mark price) looks risky. */
  readonly riskPercent: number;
  /** Makes a recorded outcome known, and resolves once that is through. */
  readonly onOutcome: (proposal: Proposal, outcome: Outcome) => Promise<void>;
  /** Told of each key that a card was made with. */
  readonly onKeyUsed: (venue: Venue, credentials: Credentials) => void;
  /** Told of each key that came into use. */
  readonly onActivated: (account: Account) => void;
  readonly onError: (error: unknown) => void;
};

/** The confirmation gate, wired: nothing is sent to a venue but through `press`. */
export function createGate(options: GateOptions): Gate {
  const running = createRunning();
  const now = () => options.store.now();
  const { elapsed } = options.clock;
  const guard = createKeyGuard({ elapsed, isRunning: running.has });
  const proposals = createProposals({ ...options, guard });
  const symbols = createPastSymbols({ ...options, pastOf: proposals.ownedBy });
  const tickets = createTickets(options);
  const telling = createTelling({ ...options, proposals, now });
  const announcing = createAnnouncing({
    ...options,
    proposals,
    onOutcome: (proposal, outcome) =>
      Promise.all([options.onOutcome(proposal, outcome), symbols.note(proposal, outcome)]),
  });
  const caretaker = createCaretaker({
    ...options,
    elapsed,
    proposals,
    telling,
    announcing,
    now,
    isRunning: running.has,
  });
  const context: PressContext = { ...options, proposals, tickets, symbols, caretaker, telling, running, now };
  return {
    proposals,
    tickets,
    symbols,
    caretaker,
    telling,
    cards: { ask: (asker, wish) => askForCard(context, asker, wish) },
    press: (press, progress) => handlePress(context, press, progress),
    prepare: (preparation) => prepare({ ...options, proposals, caretaker }, preparation),
    askToUseKey: (newKey) => askToUseKey({ ...options, tickets }, newKey),
    warnOfStranger: (link) => warnOfStranger({ ...options, tickets }, link),
  };
}
