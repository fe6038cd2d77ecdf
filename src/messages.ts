import { type FailureData, unreachable } from './errors.ts';
import { explainBound, explainButton, explainStore } from './explain-gate.ts';
import { explainKey, explainRules, explainTyped } from './explain-request.ts';
import { explainVenue } from './explain-venue.ts';
import type { Explanation } from './explanation.ts';
import type { View } from './view.ts';

/** The words for a failure before anything was sent. */
export function failureView(failure: FailureData): View {
  const { what, next } = explain(failure);
  return { tone: 'refused', title: what, body: `Nothing was changed at the exchange. ${next}` };
}

/** An error that nobody foresaw; the log has its details under the same reference. */
export function unexpectedView(reference: string): View {
  return {
    tone: 'refused',
    title: 'Something went wrong inside the bot',
    body: [
      'First look with /leverage show what the exchange holds. Then try again. If you ask the operator, give this number: ',
      { code: reference },
    ],
  };
}

/** Discord did not say whether it took the acknowledgement, so nothing was run. */
export function tryAgainView(): View {
  return { tone: 'refused', title: 'Discord did not answer in time', body: 'Nothing was changed. Please try again.' };
}

/** Stands in a channel where an answer that is for its asker alone could not be taken away. */
export function answeredAloneView(): View {
  return { tone: 'plain', title: 'Nothing was changed', body: 'Only the person who ran this command sees why.' };
}

/** The words for a failure, by what it is about. */
export function explain(failure: FailureData): Explanation {
  switch (failure.code) {
    case 'VENUE_REFUSED':
    case 'VENUE_UNREACHABLE':
    case 'VENUE_SILENT':
    case 'VENUE_ENDED':
    case 'VENUE_BUSY':
      return explainVenue(failure);
    case 'BAD_OPTION':
    case 'BAD_LEVERAGE':
    case 'LEVERAGE_OUTSIDE_BOUNDS':
    case 'LEVERAGE_OFF_STEP':
    case 'UNKNOWN_MARKET':
    case 'MARKET_NOT_TRADEABLE':
    case 'UNKNOWN_VENUE':
    case 'NO_CROSS':
    case 'CURRENCY_UNSUPPORTED':
      return explainTyped(failure);
    case 'HALTED':
    case 'SERVER_NOT_ALLOWED':
    case 'USER_NOT_ALLOWED':
    case 'ABOVE_OPERATOR_MAXIMUM':
      return explainRules(failure);
    case 'KEY_MISSING':
    case 'KEY_INACTIVE':
    case 'KEY_UNREADABLE':
    case 'KEY_REFUSED':
    case 'KEY_UNDECIDED':
    case 'NO_NEW_KEYS':
    case 'KEY_CHANGED':
    case 'KEY_SHARED':
    case 'KEY_BUSY':
    case 'LINKS_OFF':
      return explainKey(failure);
    case 'CARD_GONE':
    case 'CARD_UNREADABLE':
    case 'BUTTON_ENDED':
    case 'NOT_YOURS':
    case 'SHUTTING_DOWN':
      return explainButton(failure);
    case 'TOO_MANY_KEYS':
    case 'TOO_MANY_OPEN_CARDS':
    case 'TOO_MANY_CARDS':
    case 'TOO_MANY_LINKS':
    case 'TOO_MANY_BUTTONS':
    case 'TOO_FAST':
      return explainBound(failure);
    case 'SEAL_BROKEN':
    case 'STORE_UNAVAILABLE':
    case 'STORE_IN_USE':
    case 'STORE_DAMAGED':
    case 'STORE_EMPTY':
    case 'STORE_TOO_NEW':
    case 'ADDRESS_IN_USE':
    case 'MASTER_KEY_MISSING':
    case 'MASTER_KEY_WRONG':
      return explainStore(failure);
    default:
      return unreachable(failure);
  }
}
