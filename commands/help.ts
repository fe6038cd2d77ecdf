import { type Command, subcommand } from '../src/command.ts';
import type { Span } from '../src/view.ts';

/** /help: how it works in three steps, then every command, from their declarations; short enough for a phone. */
export function createHelp(commands: () => readonly Command[]): Command {
  return subcommand({
    name: 'help',
    description: 'How this bot works',
    options: {},
    run: async () => ({
      tone: 'plain',
      isText: true,
      title: 'Levergate sets your futures leverage. It asks first.',
      body: [...steps, ...commands().flatMap(describe)],
    }),
  });
}

const steps: readonly Span[] = [
  '1. ',
  { command: 'keys add' },
  ' adds a key. Never type one here.\n2. ',
  { command: 'leverage set' },
  ' shows a card.\n3. Press its button. Only then it is sent, once, and read back.\n',
];

function describe(command: Command): readonly Span[] {
  if (!('subcommands' in command)) return line(command.name, command.description);
  return command.subcommands.flatMap(({ name, description }) => line(`${command.name} ${name}`, description));
}

function line(path: string, description: string): readonly Span[] {
  return ['\n', { command: path }, ` ${description}`];
}
