import { type CommandForm, readCommand, readCommands } from '../forms/command-form.ts';
import type { Change } from '../model.ts';
import { missingAccess, Refusal } from '../refusal.ts';
import type { JsonObject } from '../wire.ts';
import type { Answer, Call } from './http.ts';

export type RegisteredCommand = CommandForm & {
  readonly id: string;
  readonly version: string;
  /** Absent for a global command. */
  readonly guildId?: string;
};
export type Commands = ReturnType<typeof createCommands>;

/** The commands the bot registered: `/applications/:app/commands` and those of a guild. */
export function createCommands(options: {
  readonly applicationId: string;
  readonly guildIds: readonly string[];
  readonly newId: () => string;
  readonly changed: (change: Change) => void;
}) {
  const { applicationId, guildIds, newId, changed } = options;
  let registered: readonly RegisteredCommand[] = [];

  function scope({ app, guild }: Call['params']): string | undefined {
    if (app !== applicationId)
      throw new Refusal(403, 20012, 'You are not authorized to perform this action on this application');
    if (guild !== undefined && !guildIds.includes(guild)) throw missingAccess();
    return guild;
  }

  function within(guildId: string | undefined): readonly RegisteredCommand[] {
    return registered.filter((command) => command.guildId === guildId);
  }

  // A command that keeps its name keeps its id.
  function adopt(form: CommandForm, guildId: string | undefined): RegisteredCommand {
    const known = within(guildId).find(({ name }) => name === form.name);
    const guild = guildId === undefined ? {} : { guildId };
    return { ...form, id: known?.id ?? newId(), version: newId(), ...guild };
  }

  function replace(guildId: string | undefined, next: readonly RegisteredCommand[]): void {
    registered = [...registered.filter((command) => command.guildId !== guildId), ...next];
    changed({ kind: 'commands' });
  }

  function named(call: Call): RegisteredCommand {
    const found = within(scope(call.params)).find(({ id }) => id === call.params.command);
    if (found === undefined) throw new Refusal(404, 10063, 'Unknown application command');
    return found;
  }

  return {
    all: () => registered,
    /** A guild's own command goes before a global one of the same name. */
    find(name: string, guildId: string | undefined): RegisteredCommand | undefined {
      const own = guildId === undefined ? [] : within(guildId);
      return [...own, ...within(undefined)].find((command) => command.name === name);
    },
    list: (call: Call): Answer => ({
      status: 200,
      body: within(scope(call.params)).map((one) => wireCommand(one, applicationId)),
    }),
    overwrite(call: Call): Answer {
      const guildId = scope(call.params);
      replace(
        guildId,
        readCommands(call.body).map((form) => adopt(form, guildId)),
      );
      return { status: 200, body: within(guildId).map((one) => wireCommand(one, applicationId)) };
    },
    upsert(call: Call): Answer {
      const guildId = scope(call.params);
      const form = readCommand(call.body, []);
      const others = within(guildId).filter(({ name }) => name !== form.name);
      const made = adopt(form, guildId);
      replace(guildId, [...others, made]);
      return { status: others.length === within(guildId).length ? 200 : 201, body: wireCommand(made, applicationId) };
    },
    remove(call: Call): Answer {
      const { id, guildId } = named(call);
      replace(
        guildId,
        within(guildId).filter((command) => command.id !== id),
      );
      return { status: 204 };
    },
  };
}

function wireCommand({ guildId, ...command }: RegisteredCommand, applicationId: string): JsonObject {
  const defaults = {
    default_member_permissions: null,
    dm_permission: true,
    nsfw: false,
    contexts: null,
    integration_types: [0],
  };
  return {
    application_id: applicationId,
    ...defaults,
    ...command,
    ...(guildId === undefined ? {} : { guild_id: guildId }),
  };
}
