import { type FailureData, type Limit, type Refusal, type Silence, unreachable } from './errors.ts';
import type { View } from './view.ts';

/** What happened, and what to do next; each one sentence or two. Whether anything was changed is said by the caller. */
export type Explanation = { readonly what: string; readonly next: string };

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

export function explain(failure: FailureData): Explanation {
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
    case 'VENUE_BUSY':
      return say(usedUp(failure.venue, failure.limit ?? 'key'), `Try again in ${seconds(failure.retryAfterMs)}.`);
    case 'BAD_OPTION':
      return say(`The option "${failure.option}" cannot be used like this`, failure.hint);
    case 'BAD_LEVERAGE':
      return say(
        `"${failure.text}" is not a leverage`,
        'Type a number such as 5, 10x or 2.5, with a point and not a comma.',
      );
    case 'LEVERAGE_OUTSIDE_BOUNDS':
      return say(
        `${failure.leverage}x is outside what ${failure.market} allows`,
        `Choose a leverage from ${failure.min}x to ${failure.max}x.`,
      );
    case 'LEVERAGE_OFF_STEP':
      return say(
        `${failure.market} takes leverage in steps of ${failure.step}`,
        `The nearest to ${failure.leverage}x: ${failure.nearest.map((value) => `${value}x`).join(' or ')}.`,
      );
    case 'UNKNOWN_MARKET':
      return say(`${failure.venue} has no market "${failure.text}"`, suggest(failure.suggestions));
    case 'MARKET_NOT_TRADEABLE':
      return say(
        `${failure.market} cannot be traded at ${failure.venue} now`,
        'Try again later or use another market.',
      );
    case 'UNKNOWN_VENUE':
      return say(
        `This bot does not work with "${failure.id}"`,
        'Choose an exchange from the list of the option "venue".',
      );
    case 'NO_CROSS':
      return say(`${failure.venue} has isolated margin only`, 'Cross margin does not exist there. Use /leverage set.');
    case 'CURRENCY_UNSUPPORTED':
      return say(
        `This margin currency does not exist at ${failure.venue}`,
        failure.currencies.length === 0
          ? 'Leave the option "currency" out.'
          : `Use ${failure.currencies.join(' or ')}.`,
      );
    case 'HALTED':
      return say(
        'The operator of this bot has paused all changes',
        'Reading with /leverage show still works. Ask the operator when changes work again.',
      );
    case 'SERVER_NOT_ALLOWED':
      return say(
        'This bot may not be used here',
        'Its operator allows only some servers, and direct messages only for some people. Ask the operator.',
      );
    case 'USER_NOT_ALLOWED':
      return say('You are not on the list of people who may use this bot', 'Ask the operator of this bot to add you.');
    case 'ABOVE_OPERATOR_MAXIMUM':
      return say(
        `${failure.leverage}x is above this bot's limit for ${failure.venue}`,
        `The operator allows up to ${failure.max}x.`,
      );
    case 'KEY_MISSING':
      return say(`You have no ${failure.venue} key under "${failure.account}"`, orUse(failure.others));
    case 'KEY_INACTIVE':
      return say(
        `Your ${failure.venue} key "${failure.account}" is not in use yet`,
        'Press "Use this key" in the message of /keys add, or find it with /keys list.',
      );
    case 'KEY_UNREADABLE':
      return say(
        `Your stored ${failure.venue} key "${failure.account}" can no longer be read`,
        'Add it again with /keys add. Your other keys still work.',
      );
    case 'KEY_UNDECIDED':
      return say(
        `${failure.venue} did not say what this key may do: it may be able to withdraw`,
        'The bot could read your settings with it. That shows only that the key exists. Try again in a few minutes.',
      );
    case 'KEY_REFUSED':
      return explainKeyRefusal(failure.venue, failure.reason);
    case 'KEY_CHANGED':
      return say(
        'The key of this account was replaced after this card was made',
        'Run the command again for a new card.',
      );
    case 'KEY_SHARED':
      return say(
        `Another person uses the same ${failure.venue} key and is making a change`,
        'Try again in five minutes at most. It is better when each person has a key of their own.',
      );
    case 'KEY_BUSY':
      return say(
        `This ${failure.venue} key is busy with another change (${failure.market})`,
        'Wait for its result, or press "Check now" there. This card stays open until its time ends.',
      );
    case 'TOO_MANY_KEYS':
      return say(`You have ${failure.max} keys: more are not possible`, 'Remove one with /keys remove first.');
    case 'LINKS_OFF':
      return say('The page for keys is not running', 'Ask the operator of this bot to turn it on.');
    case 'CARD_GONE':
      return say('This card is no longer known', 'It is too old, or it was deleted. Run the command again.');
    case 'SEAL_BROKEN':
      return say(
        'What is stored here can no longer be read',
        'Run the command again. If this comes back, tell the operator.',
      );
    case 'CARD_UNREADABLE':
      return say(
        'What is stored for this card can no longer be read',
        'It cannot be used any more. Run the command again for a new card.',
      );
    case 'BUTTON_ENDED':
      return say('This button has ended', 'Run the command again to get a new one.');
    case 'NOT_YOURS':
      return say(
        'This card belongs to somebody else',
        'Only the person who asked can press. Make your own card with /leverage set.',
      );
    case 'STORE_UNAVAILABLE':
      return say(
        'The bot cannot read or write its storage now',
        'Try again in a minute. If it stays like this, tell the operator.',
      );
    case 'STORE_IN_USE':
      return say(
        `Another process has the database open (${failure.file})`,
        'End the other bot first, or give this one its own DATA_DIR.',
      );
    case 'STORE_DAMAGED':
      return say(
        `The file ${failure.file} is damaged or is no database`,
        'Move it away and restore the newest snapshot from BACKUP_DIR.',
      );
    case 'STORE_EMPTY':
      return say(
        `The database ${failure.file} was here before and is empty or gone`,
        'Restore the newest snapshot from BACKUP_DIR. To begin without any keys, move away this file and those beside it that begin with its name.',
      );
    case 'ADDRESS_IN_USE':
      return say(`Another program already listens on ${failure.address}`, 'End it, or give the bot another WEB_PORT.');
    case 'STORE_TOO_NEW':
      return say(
        `The database has schema ${failure.found}, this version knows up to ${failure.supported}`,
        'Start the newer version of the bot, or restore a backup from before the upgrade.',
      );
    case 'MASTER_KEY_MISSING':
      return say(
        `MASTER_KEYS lacks the key "${failure.keyId}", which stored data still need`,
        'Put it back into MASTER_KEYS, after the first one.',
      );
    case 'MASTER_KEY_WRONG':
      return say(
        `The key "${failure.keyId}" in MASTER_KEYS is not the one that sealed the stored data`,
        'Restore its former value; a new key needs a new id.',
      );
    case 'TOO_MANY_CARDS':
      return say(
        `${failure.max} of your changes have no result yet that you were shown`,
        'Run /help: the bot shows you the missing results after it. Then try again.',
      );
    case 'TOO_MANY_LINKS':
      return say(
        `You have ${failure.max} open links for keys: more are not possible`,
        'Use one of them, or wait ten minutes: then they end.',
      );
    case 'TOO_MANY_BUTTONS':
      return say(
        `You have ${failure.max} open questions from this bot: more are not possible`,
        `Press a button of one of them, or wait ${seconds(failure.waitMs)}: then the oldest ends.`,
      );
    case 'TOO_MANY_OPEN_CARDS':
      return say(
        `You have ${failure.max} open cards`,
        failure.waitMs === undefined
          ? 'Wait until one of your changes has ended.'
          : `Confirm or cancel one, or wait ${seconds(failure.waitMs)}: then the oldest ends.`,
      );
    case 'TOO_FAST':
      return say(
        `Too many ${failure.what} in 10 seconds`,
        `Nothing was run. Try again in ${seconds(failure.retryAfterMs)}.`,
      );
    case 'SHUTTING_DOWN':
      return say('The bot is restarting', 'Try again in a few seconds.');
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

/** Why a key is not accepted by this bot, and how to make one that is. */
function explainKeyRefusal(
  venue: string,
  reason: Extract<FailureData, { code: 'KEY_REFUSED' }>['reason'],
): Explanation {
  switch (reason) {
    case 'can-withdraw':
      return say(
        `This ${venue} key can withdraw or transfer funds, so the bot does not take it`,
        'Make a key that can trade, but cannot withdraw and cannot transfer.',
      );
    case 'read-only':
      return say(
        `This ${venue} key can only read`,
        'It cannot trade. Make a key with full access to trading and no access to transfers.',
      );
    case 'no-access':
      return say(
        `This ${venue} key has no access to trading`,
        'Make one with full access to trading and no access to transfers.',
      );
    case 'rejected':
      return say(
        `${venue} does not accept this key`,
        'Check that it is complete, for this exchange, and still active there.',
      );
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

function say(what: string, next: string): Explanation {
  return { what, next };
}

function seconds(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 1000));
  return whole === 1 ? 'one second' : `${whole} seconds`;
}

function suggest(suggestions: readonly string[]): string {
  return suggestions.length === 0 ? 'Check the spelling.' : `Did you mean ${suggestions.join(', ')}?`;
}

function orUse(others: readonly string[]): string {
  const add = 'Add one with /keys add.';
  return others.length === 0 ? add : `${add} Or use the option "account" for one that you have: ${others.join(', ')}.`;
}
