import { isDeepStrictEqual } from 'node:util';
import { DiscordAPIError } from '@discordjs/rest';
import { RESTJSONErrorCodes } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { CommandForm } from './command-forms.ts';
import { describeError } from './describe-error.ts';
import { type Pause, type Rest, readCommands, writeCommands } from './rest.ts';
import type { CommandIds } from './text.ts';

const FIRST_WAIT_MS = 1_000;
/** Discord counts new commands per day, so what is refused again and again is not sent all the time. */
const LONGEST_WAIT_MS = 10 * 60_000;

export type Registration = {
  /** Registers the commands. Where Discord does not take them, they are tried again until it does. Never rejects. */
  readonly register: (applicationId: string) => Promise<void>;
  /** Undefined until they are registered. */
  readonly commandIds: () => CommandIds | undefined;
};

type Context = {
  readonly forms: readonly CommandForm[];
  readonly rest: Rest;
  readonly log: Pick<Log, 'info' | 'error'>;
  readonly pause: Pause;
};

/** @param signal - Ends the trying. */
export function createRegistration(context: Context, signal: AbortSignal): Registration {
  let ids: CommandIds | undefined;

  async function registerLater(applicationId: string): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; ids === undefined; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      await context.pause(waitMs, signal);
      ids = await registerCommands(context, applicationId);
    }
  }

  return {
    commandIds: () => ids,
    async register(applicationId) {
      ids = await registerCommands(context, applicationId);
      // Rejects when the signal fires.
      void registerLater(applicationId).catch(() => undefined);
    },
  };
}

/**
 * Registers the commands globally, but only when Discord has others: there is a daily limit on writing them.
 *
 * @returns the ids; undefined when it failed, which leaves the bot with the commands it had, and is logged.
 */
async function registerCommands({ forms, rest, log }: Context, applicationId: string): Promise<CommandIds | undefined> {
  try {
    const registered = await readCommands(rest, applicationId);
    if (isSame(registered, forms)) return idsIn(registered);
    const written = idsIn(await writeCommands(rest, applicationId, forms));
    log.info({ commands: forms.length }, 'commands registered');
    return written;
  } catch (error) {
    log.error({ error: describeError(error), refused: refusedFields(error) }, 'the commands could not be registered');
    return undefined;
  }
}

const registeredSchema = z.array(z.looseObject({ id: z.string(), name: z.string() }));

function idsIn(registered: unknown): CommandIds {
  return new Map((registeredSchema.safeParse(registered).data ?? []).map(({ id, name }) => [name, id]));
}

const invalidForm = z.object({ code: z.literal(RESTJSONErrorCodes.InvalidFormBodyOrContentType), errors: z.unknown() });
const fieldProblem = z.object({ message: z.string() });
const MOST_FIELDS = 10;

/** What Discord found wrong with which field: `0.options.1.description: Must be between 1 and 100 in length.` */
function refusedFields(error: unknown): readonly string[] {
  const form = error instanceof DiscordAPIError ? invalidForm.safeParse(error.rawError).data : undefined;
  return form === undefined ? [] : problemsIn(form.errors, []).slice(0, MOST_FIELDS);
}

function problemsIn(node: unknown, path: readonly string[]): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, below]: [string, unknown]) => {
    if (key !== '_errors') return problemsIn(below, [...path, key]);
    const problems = z.array(fieldProblem).safeParse(below).data ?? [];
    return problems.map(({ message }) => `${path.join('.')}: ${message}`);
  });
}

/** Whether Discord's own list says the same as ours; it adds ids, versions, translations and defaults to it. */
function isSame(registered: unknown, forms: readonly CommandForm[]): boolean {
  return isDeepStrictEqual(byName(essence(registered)), byName(essence(forms)));
}

const added: ReadonlySet<string> = new Set(['id', 'application_id', 'version', 'guild_id', 'dm_permission']);
/** Lists whose order says nothing. */
const sets: ReadonlySet<string> = new Set(['integration_types', 'contexts']);

function essence(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essence);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, each]) => !added.has(key) && !isDefault(each));
  return Object.fromEntries(kept.map(([key, each]) => [key, sets.has(key) ? sorted(each) : essence(each)]));
}

function isDefault(value: unknown): boolean {
  return value === null || value === undefined || value === false || (Array.isArray(value) && value.length === 0);
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.toSorted() : value;
}

function byName(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  const nameOf = (each: unknown) =>
    typeof each === 'object' && each !== null && 'name' in each ? String(each.name) : '';
  return list.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
}
