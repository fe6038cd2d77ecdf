import { type Command, subcommand } from '../src/command.ts';
import type { Services } from '../src/services.ts';

const ASK_MS = 2 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** /privacy: what is stored, and the button that deletes it. */
export function createPrivacy({ tickets, keepMs }: Services): Command {
  return subcommand({
    name: 'privacy',
    description: 'What this bot stores about you, and how to delete it',
    options: {},
    run: async ({ user }) => ({
      tone: 'plain',
      title: 'What this bot stores about you',
      fields: [
        {
          name: 'Your exchange keys',
          value:
            'Encrypted, until you remove them. They are used only for what you confirm and for what you ask to see.',
        },
        {
          name: 'Your cards and their results',
          value: `Encrypted, for ${keepMs / DAY_MS} days: market, leverage, account label, time, result. No balances, position sizes or profit.`,
        },
        {
          name: 'Backups',
          value:
            'The bot makes encrypted daily copies of all this; what you delete leaves them when they are overwritten.',
        },
        { name: 'What Discord sees', value: 'Market, leverage, margin mode and distances in percent. Never a key.' },
        {
          name: 'Who else could see it',
          value:
            'Whoever runs this bot holds the master key. Their log names you by Discord id with market, leverage and result.',
        },
      ],
      buttons: [
        {
          kind: 'press',
          verb: 'do',
          id: await tickets.issue(user, { kind: 'ask-erase' }, ASK_MS),
          label: 'Delete everything of mine',
          style: 'danger',
        },
      ],
    }),
  });
}
