import type { Account, Credentials } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Keys, NewKey } from '../keys.ts';
import type { Rules } from '../leverage/policy.ts';
import type { Venue, Venues } from '../leverage/venue.ts';
import type { Wish } from '../leverage/wish.ts';
import type { Messenger } from '../messenger.ts';
import type { PressHandler } from '../press.ts';
import type { RowContext } from '../store/sealed-rows.ts';
import { createAnnouncing } from './announcing.ts';
import { type Asker, askForCard, type Card, type CardContext } from './cards.ts';
import { type Caretaker, createCaretaker } from './caretaker.ts';
import { handlePress } from './handle-press.ts';
import { createKeyGuard } from './key-guard.ts';
import { askToUseKey, type NewKeyContext, warnOfStranger } from './new-key.ts';
import type { Outcome } from './outcome.ts';
import { createPastSymbols, type PastSymbols } from './past-symbols.ts';
import { type Preparation, prepare } from './prepare.ts';
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

type GateOptions = {
  readonly rows: RowContext;
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
  /** Forgets what was noted about the user's keys of exchanges that end. */
  readonly forgetNotices: (user: string) => Promise<void>;
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
  const { rows, newId, clock, venues, keys, rules, messenger, keepMs, cardMs, riskPercent, onOutcome, onError } =
    options;
  const { store } = rows;
  const { elapsed } = clock;
  const now = () => store.now();
  const running = createRunning();
  const isRunning = running.has;
  const guard = createKeyGuard({ elapsed, isRunning });
  const proposals = createProposals({ ...rows, newId, keepMs, guard });
  const symbols = createPastSymbols({ ...rows, keepMs, pastOf: proposals.ownedBy });
  const tickets = createTickets({ ...rows, newId });
  const telling = createTelling({ proposals, venues, messenger, now, onError });
  const announcing = createAnnouncing({
    store,
    proposals,
    onOutcome: (proposal, outcome) => Promise.all([onOutcome(proposal, outcome), symbols.note(proposal, outcome)]),
    onError,
  });
  const caretaker = createCaretaker({
    ...{ store, proposals, telling, announcing, venues, keys },
    ...{ now, elapsed, pause: options.pause, isRunning, onError },
  });
  const { onKeyUsed, voidLinks, forgetNotices, onActivated } = options;
  const { lastSetBy } = symbols;
  const cards: CardContext = { venues, keys, proposals, rules, cardMs, riskPercent, lastSetBy, onKeyUsed };
  const presses: PressContext = {
    ...cards,
    ...{ tickets, symbols, running, store, voidLinks, forgetNotices, onActivated },
    ...{ caretaker, telling, now, clock, onError },
  };
  const newKeys: NewKeyContext = { tickets, venues, messenger, cardMs };
  return {
    proposals,
    tickets,
    symbols,
    caretaker,
    telling,
    cards: { ask: (asker, wish) => askForCard(cards, asker, wish) },
    press: (press, progress) => handlePress(presses, press, progress),
    prepare: (preparation) => prepare({ store, proposals, keys, caretaker, keepMs, cardMs }, preparation),
    askToUseKey: (newKey) => askToUseKey(newKeys, newKey),
    warnOfStranger: (link) => warnOfStranger(newKeys, link),
  };
}
