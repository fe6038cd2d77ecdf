import { type Limit, type Refusal, type Silence, unreachable, type VenueFailure } from './errors.ts';
import { dayText, type Explanation, say, waitText } from './explanation.ts';

/** What an exchange did, or did not do. */
export function explainVenue(failure: VenueFailure): Explanation {
  switch (failure.code) {
    case 'VENUE_REFUSED':
      return failure.words === undefined
        ? explainRefusal(failure.venue, failure.refusal, failure.detail)
        : say(`${failure.venue} ${failure.words.what}`, failure.words.next);
    case 'VENUE_UNREACHABLE':
      return say(
        `${failure.venue} could not be reached`,
        'Try again in a minute. If it stays like this, look at the status page of the exchange.',
      );
    case 'VENUE_SILENT':
      return say(`${failure.venue} ${silence(failure.silence)}`, 'Try again in a moment.');
    case 'VENUE_ENDED':
      return say(
        `The bot sends nothing to ${failure.venue} any more (end of its API: ${dayText(failure.endsAt)})`,
        failure.successor === undefined
          ? 'This bot does not offer what follows it: ask its operator. Delete your old key at the exchange.'
          : `Use ${failure.successor}: add a key for it with /keys add. Then delete the old key at the exchange.`,
      );
    case 'VENUE_BUSY':
      return say(usedUp(failure.venue, failure.limit ?? 'key'), `Try again in ${waitText(failure.retryAfterMs)}.`);
    default:
      return unreachable(failure);
  }
}

function explainRefusal(venue: string, refusal: Refusal, detail: string | undefined): Explanation {
  switch (refusal) {
    case 'leverage-out-of-range':
      return say(
        `${venue} refused this leverage: it is outside the range it allows`,
        'Choose a lower one. With a large position the exchange allows less.',
      );
    case 'unknown-market':
      return say(
        `${venue} says that this market does not exist`,
        'Choose a market from the list that opens while you type.',
      );
    case 'market-not-isolated-capable':
      return say(`${venue} has no leverage setting for this contract`, 'Use another contract.');
    case 'market-unavailable':
      return say(`${venue} says that this market is not available now`, 'Try again later.');
    case 'would-liquidate':
      return say(
        `${venue} refused: this would liquidate your open position`,
        'Make the position smaller, add margin, or choose another leverage.',
      );
    case 'insufficient-margin':
      return say(
        `${venue} refused: there is not enough free margin for this`,
        'A lower leverage needs more margin for an open position. Add funds, or choose a higher leverage.',
      );
    case 'key-rejected':
      return say(
        `${venue} does not accept this key (any more)`,
        'It may be too old, deleted or not complete. Make a new key there and add it with /keys add.',
      );
    case 'key-lacks-permission':
      return say(
        `This key may not do that at ${venue}`,
        'Allow it there to trade, but not to withdraw. Or add another key with /keys add.',
      );
    case 'key-forbidden':
      return say(
        `${venue} does not let this key do that`,
        'It may be allowed for another IP address only. Look at the key there, or add another one with /keys add.',
      );
    case 'session-ended':
      return say(
        `${venue} had ended the session of the bot`,
        'Your key may be fine. Run the command again. If it stays like this, use /keys check.',
      );
    case 'account-inactive':
      return say(`${venue} says that this futures account is inactive`, 'Activate it there.');
    case 'account-invalid':
      return say(
        `${venue} says that this futures account is not valid`,
        'Check the account there, then the key with /keys check.',
      );
    case 'rate-limited':
      return say(`${venue} refused: too many requests with this key`, 'Wait a few seconds and try again.');
    case 'address-rate-limited':
      return say(
        `${venue} refused: too many requests from this bot`,
        'It counts the requests of all people together. Your key is fine. Wait a minute and try again.',
      );
    case 'nonce':
      return say(
        `${venue} refused the request number of this key`,
        'Another program may use the same key. Make a key for this bot only.',
      );
    case 'invalid-currency':
      return say(
        `${venue} does not know this margin currency`,
        'Leave the option "currency" out, or use one it offers.',
      );
    case 'invalid-request':
      return say(
        `${venue} refused the request as not valid${detail === undefined ? '' : ` (${detail})`}`,
        'Check market and leverage. If they are right, tell the operator.',
      );
    case 'conflict':
      return say(`${venue} refused: something else changes the same setting`, 'Wait a few seconds and try again.');
    case 'venue-error':
      return say(`${venue} reported an error of its own`, 'Try again in a moment.');
    case 'venue-unavailable':
      return say(`${venue} says that it is unavailable`, 'Try again later.');
    default:
      return unreachable(refusal);
  }
}

function usedUp(venue: string, limit: Limit): string {
  switch (limit) {
    case 'key':
      return `The request limit of this key at ${venue} is used up`;
    case 'address':
      return `${venue} wants fewer requests from this bot. Your key is fine`;
    case 'connections':
      return `The bot is busy with other requests to ${venue}`;
    case 'connects':
      return `The bot may not open another connection to ${venue} yet. Your key is fine`;
    case 'connects-of-person':
      return `You have used all connections to ${venue} that one person gets in ten minutes. Your key is fine`;
    default:
      return unreachable(limit);
  }
}

function silence(kind: Silence): string {
  switch (kind) {
    case 'timeout':
      return 'did not answer in time';
    case 'reset':
      return 'closed the connection without an answer';
    case 'too-large':
    case 'unreadable':
      return 'gave an answer that the bot cannot read';
    case 'redirect':
      return 'sent the bot to another address, and it does not go there';
    case 'server-error':
      return 'failed with an error of its own';
  }
}
