import { unreachable } from '../errors.ts';

/**
 * Why the connection cannot be had. `bad-token`: Discord refused the token. `refused`: a close code after which
 * coming back is no use. `unreachable`: nobody answered in time, so the token was not checked.
 */
export type StartProblem =
  | { readonly reason: 'bad-token' }
  | { readonly reason: 'refused'; readonly code: number }
  | { readonly reason: 'sessions-used-up'; readonly resetAfterMs: number }
  | { readonly reason: 'unreachable' };

/** The bot has no connection to Discord and will not get one; `message` is one clear line for the operator. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly problem: StartProblem;

  constructor(problem: StartProblem) {
    super(lineFor(problem));
    this.problem = problem;
  }
}

function lineFor(problem: StartProblem): string {
  switch (problem.reason) {
    case 'bad-token':
      return 'Discord refuses the bot token: check DISCORD_TOKEN';
    case 'unreachable':
      return 'Discord is unreachable; the token was not checked';
    case 'refused':
      return `Discord refuses the connection for good (close code ${problem.code})`;
    case 'sessions-used-up': {
      const minutes = Math.ceil(problem.resetAfterMs / 60_000);
      return `Discord allows no further session for this bot today; try again in ${minutes} minutes`;
    }
    default:
      return unreachable(problem);
  }
}
