import type { Command, Subcommand } from '../src/command.ts';
import { demand, mayUse, type Rules } from '../src/leverage/policy.ts';
import type { Services } from '../src/services.ts';
import { createHelp } from './help.ts';
import { createKeys } from './keys.ts';
import { createLeverage } from './leverage.ts';
import { createPrivacy } from './privacy.ts';

/** Everything a user can type, in the order in which /help shows it. */
export function createCommands(services: Services): readonly Command[] {
  const commands: readonly Command[] = [
    within(services.rules, createLeverage(services)),
    within(services.rules, createKeys(services)),
    createHelp(() => commands, services.venues),
    createPrivacy(services),
  ];
  return commands;
}

/** The operator's rules hold for what touches keys and exchanges; anybody may read the help and delete their data. */
function within(rules: Rules, command: Command): Command {
  const guarded = ({ complete, ...each }: Subcommand): Subcommand => ({
    ...each,
    ...(complete !== undefined && {
      // A completion opens keys to list their names.
      complete: async (caller, ...typed) => (mayUse(rules, caller) === 'yes' ? complete(caller, ...typed) : []),
    }),
    run: async (call, values) => {
      demand(mayUse(rules, call));
      return each.run(call, values);
    },
  });
  if (!('subcommands' in command)) return guarded(command);
  return { ...command, subcommands: command.subcommands.map(guarded) };
}
