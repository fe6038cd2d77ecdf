import { type BoundFailure, type ButtonFailure, type StoreFailure, unreachable } from './errors.ts';
import { type Explanation, say, waitText } from './explanation.ts';

/** Why a button does nothing. */
export function explainButton(failure: ButtonFailure): Explanation {
  switch (failure.code) {
    case 'CARD_GONE':
      return say('This card is no longer known', 'It is too old, or it was deleted. Run the command again.');
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
    case 'SHUTTING_DOWN':
      return say('The bot is restarting', 'Try again in a few seconds.');
    default:
      return unreachable(failure);
  }
}

/** What one person has had too much of. */
export function explainBound(failure: BoundFailure): Explanation {
  switch (failure.code) {
    case 'TOO_MANY_KEYS':
      return say(`You have ${failure.max} keys: more are not possible`, 'Remove one with /keys remove first.');
    case 'TOO_MANY_OPEN_CARDS':
      return say(
        `You have ${failure.max} open cards`,
        failure.waitMs === undefined
          ? 'Wait until one of your changes has ended.'
          : `Confirm or cancel one, or wait ${waitText(failure.waitMs)}: then the oldest ends.`,
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
        `Press a button of one of them, or wait ${waitText(failure.waitMs)}: then the oldest ends.`,
      );
    case 'TOO_FAST':
      return say(
        `Too many ${failure.what} in 10 seconds`,
        `Nothing was run. Try again in ${waitText(failure.retryAfterMs)}.`,
      );
    default:
      return unreachable(failure);
  }
}

/** Why what is stored cannot be had, or the bot cannot start. */
export function explainStore(failure: StoreFailure): Explanation {
  switch (failure.code) {
    case 'SEAL_BROKEN':
      return say(
        'What is stored here can no longer be read',
        'Run the command again. If this comes back, tell the operator.',
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
    case 'STORE_TOO_NEW':
      return say(
        `The database has schema ${failure.found}, this version knows up to ${failure.supported}`,
        'Start the newer version of the bot, or restore a backup from before the upgrade.',
      );
    case 'ADDRESS_IN_USE':
      return say(`Another program already listens on ${failure.address}`, 'End it, or give the bot another WEB_PORT.');
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
    default:
      return unreachable(failure);
  }
}
