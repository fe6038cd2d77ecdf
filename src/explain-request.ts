import { type KeyFailure, type KeyRefusal, type RulesFailure, type TypedFailure, unreachable } from './errors.ts';
import { dayText, type Explanation, say } from './explanation.ts';

/** What was typed. */
export function explainTyped(failure: TypedFailure): Explanation {
  switch (failure.code) {
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
        failure.max === undefined
          ? `Choose ${failure.min}x or more.`
          : `Choose a leverage from ${failure.min}x to ${failure.max}x.`,
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
    default:
      return unreachable(failure);
  }
}

/** What the operator does not allow. */
export function explainRules(failure: RulesFailure): Explanation {
  switch (failure.code) {
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
    default:
      return unreachable(failure);
  }
}

/** What a key lacks, or what keeps it. */
export function explainKey(failure: KeyFailure): Explanation {
  switch (failure.code) {
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
    case 'KEY_REFUSED':
      return explainKeyRefusal(failure.venue, failure.reason);
    case 'KEY_UNDECIDED':
      return say(
        `${failure.venue} did not say what this key may do: it may be able to withdraw`,
        'The bot could read your settings with it. That shows only that the key exists. Try again in a few minutes.',
      );
    case 'NO_NEW_KEYS':
      return say(
        `${failure.venue} takes no new keys here (end of its API: ${dayText(failure.endsAt)})`,
        failure.successor === undefined
          ? 'This bot does not offer what follows it: ask its operator.'
          : `Add a key for ${failure.successor} instead: run /keys add and choose ${failure.successor}.`,
      );
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
        'Wait for its result, or press "Check now" there where it has that button. This card stays open until its time ends.',
      );
    case 'LINKS_OFF':
      return say('The page for keys is not running', 'Ask the operator of this bot to turn it on.');
    default:
      return unreachable(failure);
  }
}

/** Why a key is not accepted by this bot, and how to make one that is. */
function explainKeyRefusal(venue: string, reason: KeyRefusal): Explanation {
  switch (reason) {
    case 'can-withdraw':
      return say(
        `This ${venue} key can withdraw or transfer funds, so the bot does not take it`,
        'Make a key that can trade, but cannot withdraw and cannot transfer.',
      );
    case 'unknown-right':
      return say(
        `This ${venue} key has a right that the bot does not know, so the bot does not take it`,
        'It may allow to move funds. Make a key with only the rights that the page for keys names.',
      );
    case 'second-factor':
      return say(
        `${venue} denies this key what needs no right: it seems to ask for a code (2FA), or to be for other IP addresses`,
        'A bot cannot give such codes. Make a key without 2FA on the key itself; if it is limited to IP addresses, name this bot’s.',
      );
    case 'other-program':
      return say(
        `${venue} does not take this bot's request numbers with this key: another program has used it`,
        'Make a new key for this bot alone, with a nonce window of 10 seconds or more.',
      );
    case 'read-only':
      return say(
        `This ${venue} key can only read`,
        'It cannot trade. Make a key with exactly the rights that /keys add names.',
      );
    case 'no-access':
      return say(
        `This ${venue} key lacks a right that the bot needs`,
        'Make a key with exactly the rights that /keys add names.',
      );
    case 'rejected':
      return say(
        `${venue} does not accept this key`,
        'Check that it is complete, for this exchange, and still active there.',
      );
  }
}

function suggest(suggestions: readonly string[]): string {
  return suggestions.length === 0 ? 'Check the spelling.' : `Did you mean ${suggestions.join(', ')}?`;
}

function orUse(others: readonly string[]): string {
  const add = 'Add one with /keys add.';
  return others.length === 0 ? add : `${add} Or use the option "account" for one that you have: ${others.join(', ')}.`;
}
