import { createCommands } from '../../commands/index.ts';
import { type Account, credentialsOf } from '../../src/account.ts';
import type { Caller } from '../../src/caller.ts';
import { type Call, type Completion, optionsSchema, type Subcommand } from '../../src/command.ts';
import { Failure } from '../../src/errors.ts';
import { createMarketBook } from '../../src/leverage/market-book.ts';
import type { Rules } from '../../src/leverage/policy.ts';
import type { VenueFacts } from '../../src/leverage/venue.ts';
import type { Services } from '../../src/services.ts';
import { callOf, freely, openGate } from '../support/gate.ts';

type Values = Readonly<Record<string, string | boolean>>;

/** Every command over a real gate and a paper venue, run as after Discord's part. */
export async function openCommands(
  more: { readonly operator?: Services['operator']; readonly rules?: Rules; readonly facts?: Partial<VenueFacts> } = {},
) {
  const gate = await openGate(more);
  const links: Account[] = [];
  const markets = createMarketBook({
    venues: gate.venues,
    credentialsOf: async ({ user }) => credentialsOf(user, {}),
    now: gate.clock.now,
    onFailure: () => {},
  });
  const services: Services = {
    venues: gate.venues,
    markets,
    keys: gate.vault,
    cards: gate.parts().cards,
    tickets: gate.parts().tickets,
    rules: more.rules ?? freely,
    createKeyLink: async ({ account }) => {
      links.push(account);
      return { url: 'https://bot.example/link/token', expiresAt: gate.clock.now() + 600_000, isLocal: false };
    },
    symbolsSetBy: async () => ['BTCUSD'],
    lastSetBy: gate.parts().symbols.lastSetBy,
    operator: more.operator ?? {},
    keepMs: 90 * 86_400_000,
    now: async () => gate.clock.now(),
  };
  const commands = createCommands(services);
  const all: readonly (readonly [string, Subcommand])[] = commands.flatMap((command) =>
    'subcommands' in command
      ? command.subcommands.map((each) => [`${command.name} ${each.name}`, each] as const)
      : [[command.name, command] as const],
  );

  function find(name: string): Subcommand {
    const found = all.find(([each]) => each === name)?.[1];
    if (found === undefined) throw new TypeError(`no command ${name}`);
    return found;
  }

  return {
    gate,
    markets,
    links,
    commands,
    all,
    find,
    /** Runs a command with checked options; a Failure comes back as its data. */
    run: async (user: string, name: string, values: Values = {}, call: Partial<Call> = {}) => {
      const command = find(name);
      const checked = optionsSchema(command.options, [...gate.venues.keys()]).parse(values);
      return command.run({ ...callOf(user), ...call }, checked);
    },
    failureOf: async (promise: Promise<unknown>) => {
      try {
        await promise;
        return undefined;
      } catch (error) {
        return error instanceof Failure ? error.data : error;
      }
    },
    complete: async (
      user: string,
      name: string,
      option: string,
      typed: string,
      values: Values = {},
    ): Promise<readonly Completion[]> => {
      const caller: Caller = { user, userName: user, channel: '300' };
      return (await find(name).complete?.(caller, option, typed, values)) ?? [];
    },
  };
}
