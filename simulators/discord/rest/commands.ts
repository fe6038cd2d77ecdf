import { type CommandForm, readCommands } from '../forms/command-form.ts';
import type { Change } from '../model.ts';
import { Refusal } from '../refusal.ts';
import type { JsonObject } from '../wire.ts';
import type { Answer, Call } from './http.ts';

export type RegisteredCommand = CommandForm & { readonly id: string; readonly version: string };
export type Commands = ReturnType<typeof createCommands>;

/** The global commands that the bot registered: `/applications/:app/commands`. */
export function createCommands(options: {
  readonly applicationId: string;
  readonly newId: () => string;
  readonly changed: (change: Change) => void;
}) {
  const { applicationId, newId, changed } = options;
  let registered: readonly RegisteredCommand[] = [];

  function assertOwn({ app }: Call['params']): void {
    if (app !== applicationId)
      throw new Refusal(403, 20012, 'You are not authorized to perform this action on this application');
  }

  // A command that keeps its name keeps its id.
  function adopt(form: CommandForm): RegisteredCommand {
    const known = registered.find(({ name }) => name === form.name);
    return { ...form, id: known?.id ?? newId(), version: newId() };
  }

  function list({ params }: Call): Answer {
    assertOwn(params);
    return { status: 200, body: registered.map((one) => wireCommand(one, applicationId)) };
  }

  return {
    all: () => registered,
    find: (name: string) => registered.find((command) => command.name === name),
    list,
    overwrite(call: Call): Answer {
      assertOwn(call.params);
      registered = readCommands(call.body).map(adopt);
      changed({ kind: 'commands' });
      return list(call);
    },
  };
}

function wireCommand(command: RegisteredCommand, applicationId: string): JsonObject {
  const defaults = {
    default_member_permissions: null,
    dm_permission: true,
    nsfw: false,
    contexts: null,
    integration_types: [0],
  };
  return { application_id: applicationId, ...defaults, ...command };
}
