import type { VenueDefinition } from '../src/venues/venue-api.ts';
import type { Question } from './question.ts';

/** An exchange with its open questions. */
export type ProbedVenue = {
  readonly definition: VenueDefinition;
  /** Its own base address. */
  readonly url: string;
  /** The shortest time between two requests, in milliseconds. */
  readonly gapMs: number;
  /** Each changes nothing. */
  readonly questions: readonly Question[];
  /** About what the change itself answered: asked right after it, and sends nothing. */
  readonly afterChange: readonly Question[];
};
