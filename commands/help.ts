import { type Command, subcommand } from '../src/command.ts';
import { fullLabelOf, successorOf } from '../src/leverage/retirement.ts';
import type { Venue, Venues } from '../src/leverage/venue.ts';
import type { Span } from '../src/view.ts';

/** /help: how it works in three steps, then every command, from their declarations; short enough for a phone. */
export function createHelp(commands: () => readonly Command[], venues: Venues): Command {
  return subcommand({
    name: 'help',
    description: 'How this bot works',
    options: {},
    run: async () => ({
      tone: 'plain',
      isText: true,
      title: 'Levergate sets your futures leverage. It asks first.',
      body: [...steps, ...commands().flatMap(describe), ...[...venues.values()].flatMap((one) => endLine(venues, one))],
    }),
  });
}

const steps: readonly Span[] = [
  '1. ',
  { command: 'keys add' },
  ' adds a key. Never type one here.\n2. ',
  { command: 'leverage set' },
  ' shows a card.\n3. Press its button. Only then it is sent, once.\n',
];

/** One line for each exchange whose API ends: where to go, or whom to ask. */
function endLine(venues: Venues, venue: Venue): readonly Span[] {
  if (venue.retires === undefined) return [];
  const successor = successorOf(venues, venue);
  if (successor === undefined) return [`\n\n${fullLabelOf(venue)}: ask the operator.`];
  return [`\n\n${fullLabelOf(venue)}: use ${successor.label}: `, { command: 'keys add' }];
}

function describe(command: Command): readonly Span[] {
  if (!('subcommands' in command)) return line(command.name, command.description);
  return command.subcommands.flatMap(({ name, description }) => line(`${command.name} ${name}`, description));
}

function line(path: string, description: string): readonly Span[] {
  return ['\n', { command: path }, ` ${description}`];
}
