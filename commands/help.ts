import { type Command, type Span, subcommand } from '../src/command.ts';

/** /help: how it works in three steps, then every command, from their declarations; short enough for a phone. */
export function createHelp(commands: () => readonly Command[]): Command {
  return subcommand({
    name: 'help',
    description: 'How this bot works, and all its commands',
    options: {},
    run: async () => ({
      tone: 'plain',
      isText: true,
      title: 'Levergate sets your futures leverage. It always asks first.',
      body: [...steps, ...commands().flatMap(describe)],
    }),
  });
}

const steps: readonly Span[] = [
  '1. ',
  { command: 'keys add' },
  ' adds an exchange key. Never type a key into Discord.\n2. ',
  { command: 'leverage set' },
  ' shows a card.\n3. Read it and press the button. Only then it is sent, once, and read back.\n',
];

function describe(command: Command): readonly Span[] {
  if (!('subcommands' in command)) return line(command.name, command.description);
  return command.subcommands.flatMap(({ name, description }) => line(`${command.name} ${name}`, description));
}

function line(path: string, description: string): readonly Span[] {
  return ['\n', { command: path }, ` ${description}`];
}
