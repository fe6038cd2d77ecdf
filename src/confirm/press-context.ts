import type { Clock } from '../clock.ts';
import type { CardContext } from './cards.ts';
import type { Caretaker } from './caretaker.ts';
import type { Telling } from './telling.ts';
import type { TicketContext } from './ticket-actions.ts';

/** What every press is handled with. */
export type PressContext = CardContext &
  TicketContext & {
    readonly caretaker: Caretaker;
    readonly telling: Telling;
    readonly now: () => Promise<number>;
    /** This process's own. */
    readonly clock: Clock;
    /** Told of an error that does not keep the presser from an answer. */
    readonly onError: (error: unknown) => void;
  };
