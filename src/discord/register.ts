import { isDeepStrictEqual } from 'node:util';
import { DiscordAPIError } from '@discordjs/rest';
import { z } from 'zod';
import type { Command, Option, Options, Subcommand } from '../command.ts';
import type { Log } from '../log.ts';
import { describeError } from './describe-error.ts';
import type { Pause, Rest } from './rest.ts';
import type { CommandIds } from './text.ts';

/** A venue as a choice: its id is the value, its label what people see. */
export type VenueChoice = { readonly id: string; readonly label: string };

type Choice = { readonly name: string; readonly value: string };
type OptionForm = {
  readonly type: 1 | 3 | 5;
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly max_length?: number;
  readonly autocomplete?: boolean;
  readonly choices?: readonly Choice[];
  readonly options?: readonly OptionForm[];
};
export type CommandForm = {
  readonly type: 1;
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionForm[];
  readonly integration_types: readonly number[];
  readonly contexts: readonly number[];
};

const limits = {
  commands: 100,
  options: 25,
  choices: 25,
  description: 100,
  choice: 100,
  textLength: 6000,
  size: 8000,
} as const;
const namePattern = /^[-_a-z0-9]{1,32}$/;

/**
 * Writes commands as Discord registers them.
 *
 * @throws RangeError when a declaration breaks one of Discord's limits; it would refuse the whole list.
 */
export function describeCommands(commands: readonly Command[], venues: readonly VenueChoice[]): readonly CommandForm[] {
  const forms = commands.map((command): CommandForm => {
    const options =
      'subcommands' in command
        ? command.subcommands.map((each) => subcommandForm(each, venues))
        : optionForms(command.options, venues);
    return {
      ...named(command.name, command.description),
      type: 1,
      options: atMost(limits.options, options, `options of /${command.name}`),
      // Installed to servers and to users; usable in servers, in the bot's own inbox and in other private channels.
      integration_types: [0, 1],
      contexts: [0, 1, 2],
    };
  });
  for (const form of forms) within(limits.size, lettersOf(form), `letters in /${form.name}`);
  return unique(atMost(limits.commands, forms, 'commands'), 'commands');
}

function subcommandForm({ name, description, options }: Subcommand, venues: readonly VenueChoice[]): OptionForm {
  return { type: 1, ...named(name, description), options: optionForms(options, venues) };
}

function optionForms(options: Options, venues: readonly VenueChoice[]): readonly OptionForm[] {
  const forms = Object.entries(options).map(([name, option]) => optionForm(name, option, venues));
  // Discord wants required options first.
  const sorted = [...forms.filter(({ required }) => required), ...forms.filter(({ required }) => !required)];
  return atMost(limits.options, sorted, 'options');
}

function optionForm(name: string, option: Option, venues: readonly VenueChoice[]): OptionForm {
  const common = { ...named(name, option.description), required: option.isRequired };
  switch (option.kind) {
    case 'boolean':
      return { ...common, type: 5 };
    case 'venue':
      return { ...common, type: 3, choices: choiceForms(venues.map(({ id, label }) => ({ name: label, value: id }))) };
    case 'text':
      return option.choices === undefined
        ? { ...common, type: 3, max_length: textLength(option.maxLength, name), autocomplete: option.completes }
        : { ...common, type: 3, choices: choiceForms(option.choices.map((value) => ({ name: value, value }))) };
  }
}

function choiceForms(choices: readonly Choice[]): readonly Choice[] {
  for (const { name, value } of choices) {
    within(limits.choice, name.length, `letters in choice ${name}`);
    within(limits.choice, value.length, `letters in choice ${name}`);
    if (name === '' || value === '') throw new RangeError('a choice is empty');
  }
  return unique(atMost(limits.choices, choices, 'choices'), 'choices');
}

function textLength(maxLength: number, name: string): number {
  if (!Number.isInteger(maxLength) || maxLength < 1) throw new RangeError(`${name} allows no text`);
  within(limits.textLength, maxLength, `letters in ${name}`);
  return maxLength;
}

function named(name: string, description: string): { readonly name: string; readonly description: string } {
  if (!namePattern.test(name)) throw new RangeError(`"${name}" is no name for a command or an option`);
  if (description === '') throw new RangeError(`${name} has no description`);
  within(limits.description, description.length, `letters in the description of ${name}`);
  return { name, description };
}

function atMost<T>(limit: number, list: readonly T[], what: string): readonly T[] {
  within(limit, list.length, what);
  return list;
}

function within(limit: number, count: number, what: string): void {
  if (count > limit) throw new RangeError(`Discord allows ${limit} ${what}, not ${count}`);
}

function unique<T extends { readonly name: string }>(list: readonly T[], what: string): readonly T[] {
  if (new Set(list.map(({ name }) => name)).size !== list.length) throw new RangeError(`two ${what} have one name`);
  return list;
}

function lettersOf({ name, description, options = [], ...rest }: CommandForm | OptionForm): number {
  const choices = 'choices' in rest ? (rest.choices ?? []) : [];
  const ofChoices = choices.reduce((sum, choice) => sum + choice.name.length + choice.value.length, 0);
  return options.reduce((sum, option) => sum + lettersOf(option), name.length + description.length + ofChoices);
}

const FIRST_WAIT_MS = 1_000;
/** Discord counts new commands per day, so what is refused again and again is not sent all the time. */
const LONGEST_WAIT_MS = 10 * 60_000;

/**
 * Registers the commands globally, but only when Discord has others: there is a daily limit on writing them.
 *
 * @returns the ids; undefined when it failed, which leaves the bot with the commands it had, and is logged.
 */
export async function registerCommands(options: {
  readonly forms: readonly CommandForm[];
  readonly applicationId: string;
  readonly rest: Pick<Rest, 'readCommands' | 'writeCommands'>;
  readonly log: Pick<Log, 'info' | 'error'>;
}): Promise<CommandIds | undefined> {
  const { forms, applicationId, rest, log } = options;
  try {
    const registered = await rest.readCommands(applicationId);
    if (isSame(registered, forms)) return idsIn(registered);
    const written = idsIn(await rest.writeCommands(applicationId, forms));
    log.info({ commands: forms.length }, 'commands registered');
    return written;
  } catch (error) {
    log.error({ error: describeError(error), refused: refusedFields(error) }, 'the commands could not be registered');
    return undefined;
  }
}

/** Tries again, each time after a longer pause, until the commands are registered or the signal fires. */
export async function registerAtLast(
  attempt: () => Promise<CommandIds | undefined>,
  pause: Pause,
  signal: AbortSignal,
): Promise<CommandIds | undefined> {
  for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      await pause(waitMs, signal);
    } catch {
      return undefined;
    }
    const ids = await attempt();
    if (ids !== undefined) return ids;
  }
  return undefined;
}

const registeredSchema = z.array(z.looseObject({ id: z.string(), name: z.string() }));

function idsIn(registered: unknown): CommandIds {
  return new Map((registeredSchema.safeParse(registered).data ?? []).map(({ id, name }) => [name, id]));
}

const invalidForm = z.object({ code: z.literal(50035), errors: z.unknown() });
const fieldProblem = z.object({ message: z.string() });
const MOST_FIELDS = 10;

/** What Discord found wrong with which field: `0.options.1.description: Must be between 1 and 100 in length.` */
export function refusedFields(error: unknown): readonly string[] {
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
export function isSame(registered: unknown, forms: readonly CommandForm[]): boolean {
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
