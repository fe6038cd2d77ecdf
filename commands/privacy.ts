import { type Command, subcommand } from '../src/command.ts';
import type { Services } from '../src/services.ts';
import type { Button } from '../src/view.ts';

const DAY_MS = 24 * 60 * 60_000;

/** /privacy: what is stored, whom to ask, and the button that deletes it. */
export function createPrivacy({ tickets, keepMs, operator }: Services): Command {
  const { contact, privacyUrl } = operator;
  const policy: readonly Button[] =
    privacyUrl === undefined ? [] : [{ kind: 'link', url: privacyUrl, label: 'Privacy policy' }];
  const questions =
    contact === undefined ? 'Ask the person who runs this bot.' : `Ask the person who runs this bot: ${contact}`;

  return subcommand({
    name: 'privacy',
    description: 'What is stored, and delete it',
    options: {},
    run: async ({ user }) => {
      const { id, endsAt } = await tickets.issue(user, { kind: 'ask-erase' });
      return {
        tone: 'plain',
        title: 'What this bot stores about you',
        fields: [
          {
            name: 'Your exchange keys',
            value:
              'Encrypted, until you remove them. Used only to read your settings and to make the changes you confirm.',
          },
          {
            name: 'Your changes',
            value: `Encrypted, for ${keepMs / DAY_MS} days: exchange, market, leverage, name of the key, time, result. No balance, no position size, no profit.`,
          },
          {
            name: 'Copies',
            value:
              'The bot makes an encrypted copy every day and keeps the newest ones. What you delete is gone when the last old copy is replaced.',
          },
          {
            name: 'Discord',
            value: 'Sees market, leverage, margin mode and distances in percent. Never a key.',
          },
          {
            name: 'The person who runs this bot',
            value:
              'Has the master key, so they could decrypt what is stored. Their log has your Discord id, market, leverage and result.',
          },
          { name: 'Questions', value: questions },
          {
            name: 'Delete everything',
            value: ['Press the button; the bot asks once more. It ends ', { time: endsAt, style: 'relative' }, '.'],
          },
        ],
        buttons: [
          {
            kind: 'press',
            verb: 'do',
            id,
            label: 'Delete everything of mine',
            style: 'danger',
          },
          ...policy,
        ],
      };
    },
  });
}
