import { type Command, type Option, type Subcommand, subcommand } from '../src/command.ts';

/** /help: every command with its options, from their declarations. */
export function createHelp(commands: () => readonly Command[]): Command {
  return subcommand({
    name: 'help',
    description: 'What this bot can do, and how it keeps you safe',
    options: {},
    run: async () => ({
      tone: 'plain',
      title: 'Levergate sets futures leverage, and asks first',
      body: 'Every change shows a card and is sent only after you press its button, once, and is then read back from the exchange. Start with /keys add.',
      fields: commands().flatMap(describe),
      footer: 'Options in [brackets] can be left out.',
    }),
  });
}

function describe(command: Command) {
  if (!('subcommands' in command)) return [line(`/${command.name}`, command)];
  return command.subcommands.map((each) => line(`/${command.name} ${each.name}`, each));
}

function line(name: string, { description, options }: Subcommand) {
  return { name: [name, ...Object.entries(options).map(usage)].join(' '), value: description };
}

function usage([name, option]: readonly [string, Option]): string {
  return option.isRequired ? name : `[${name}]`;
}
