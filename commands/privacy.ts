import { type Command, subcommand } from '../src/command.ts';
import type { Services } from '../src/services.ts';
import type { Button, View } from '../src/view.ts';

const DAY_MS = 24 * 60 * 60_000;

/** /privacy: what is stored, whom to ask, and the button that deletes it. */
export function createPrivacy(services: Services): Command {
  return subcommand({
    name: 'privacy',
    description: 'What is stored, and delete it',
    options: {},
    run: ({ user }) => showPrivacy(services, user),
  });
}

async function showPrivacy({ tickets, keepMs, operator }: Services, user: string): Promise<View> {
  const { contact, privacyUrl } = operator;
  const { id, endsAt } = await tickets.issue(user, { kind: 'ask-erase' });
  const policy: readonly Button[] =
    privacyUrl === undefined ? [] : [{ kind: 'link', url: privacyUrl, label: 'Privacy policy' }];
  const ask = `Ask the person who runs this bot${contact === undefined ? '.' : `: ${contact}`}`;
  return {
    tone: 'plain',
    title: 'What this bot stores about you',
    fields: [
      ...stored(keepMs / DAY_MS),
      { name: 'Questions', value: ask },
      {
        name: 'Delete everything',
        value: ['Press the button; the bot asks once more. It ends ', { time: endsAt, style: 'relative' }, '.'],
      },
    ],
    buttons: [{ kind: 'press', verb: 'do', id, label: 'Delete everything of mine', style: 'danger' }, ...policy],
  };
}

/** @param keepDays - How long ended cards are kept. */
function stored(keepDays: number): NonNullable<View['fields']> {
  return [
    {
      name: 'Your exchange keys',
      value: 'Encrypted, until you remove them. Used only to read your settings and to make the changes you confirm.',
    },
    {
      name: 'Your changes',
      value: `Encrypted, for ${keepDays} days: exchange, market, leverage, name of the key, time, result. No balance, no position size, no profit.`,
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
  ];
}
