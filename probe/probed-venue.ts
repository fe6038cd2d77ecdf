import type { VenueDefinition, VenueUrl } from '../src/venues/venue-api.ts';
import type { ProbedId, Question } from './question.ts';

/** An exchange with its open questions. */
export type ProbedVenue = {
  readonly definition: VenueDefinition;
  /** The exchange's API that came before, with which it can be compared. */
  readonly old?: ProbedId;
  /** Its own base address. */
  readonly url: VenueUrl;
  /** The shortest time between two requests, in milliseconds. */
  readonly gapMs: number;
  /** Each changes nothing. */
  readonly questions: readonly Question[];
  /** About what the change itself answered: asked right after it, and sends nothing. */
  readonly afterChange: readonly Question[];
};
