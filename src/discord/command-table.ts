import type { z } from 'zod';
import {
  type Command,
  type Option,
  type Options,
  type OptionValues,
  optionsSchema,
  type Subcommand,
} from '../command.ts';
import type { FailureData } from '../errors.ts';
import type { RawOptions } from './interaction.ts';

type Called = { readonly name: string; readonly subcommand?: string; readonly options: RawOptions };
type Entry = { readonly subcommand: Subcommand; readonly schema: z.ZodType<OptionValues<Options>> };

/** The declared commands by their paths, such as `leverage set`. */
export type CommandTable = {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly venueIds: readonly string[];
};

/** What a call asks for, once its options were checked. */
export type Resolved =
  | { readonly kind: 'ready'; readonly subcommand: Subcommand; readonly values: OptionValues<Options> }
  | { readonly kind: 'refused'; readonly failure: FailureData };

export function createCommandTable(commands: readonly Command[], venueIds: readonly string[]): CommandTable {
  return { entries: new Map(commands.flatMap((command) => entriesOf(command, venueIds))), venueIds };
}

export function findSubcommand(
  { entries }: CommandTable,
  { name, subcommand }: Omit<Called, 'options'>,
): Subcommand | undefined {
  return entries.get(pathOf(name, subcommand))?.subcommand;
}

/** Finds what was called, and checks its options. */
export function resolveCall({ entries, venueIds }: CommandTable, called: Called): Resolved {
  const found = entries.get(pathOf(called.name, called.subcommand));
  if (found === undefined) return { kind: 'refused', failure: unknownCommand };
  const read = found.schema.safeParse(called.options);
  if (read.success) return { kind: 'ready', subcommand: found.subcommand, values: read.data };
  return { kind: 'refused', failure: badOption(found.subcommand.options, read.error.issues[0], venueIds) };
}

/** How a command is called in one word for logs and metrics, such as `leverage set`. */
export function pathOf(name: string, subcommand: string | undefined): string {
  return subcommand === undefined ? name : `${name} ${subcommand}`;
}

function entriesOf(command: Command, venueIds: readonly string[]): readonly (readonly [string, Entry])[] {
  const entry = (subcommand: Subcommand): Entry => ({
    subcommand,
    schema: optionsSchema(subcommand.options, venueIds),
  });
  return 'subcommands' in command
    ? command.subcommands.map((each) => [pathOf(command.name, each.name), entry(each)] as const)
    : [[command.name, entry(command)]];
}

// Discord's clients keep an old list of commands for a while.
const reload = 'This command no longer exists in this form. Reload Discord and type it again.';
const unknownCommand: FailureData = { code: 'BAD_OPTION', option: 'command', hint: reload };

function badOption(options: Options, issue: z.core.$ZodIssue | undefined, venueIds: readonly string[]): FailureData {
  const name = String(issue?.code === 'unrecognized_keys' ? issue.keys[0] : (issue?.path[0] ?? 'command'));
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  return {
    code: 'BAD_OPTION',
    option: name,
    hint: option === undefined ? reload : hintFor(option, venueIds),
  };
}

function hintFor(option: Option, venueIds: readonly string[]): string {
  switch (option.kind) {
    case 'boolean':
      return 'Choose True or False.';
    case 'venue':
      return `Choose one of the venues: ${venueIds.join(', ')}.`;
    case 'text':
      return option.choices === undefined
        ? `Type between 1 and ${option.maxLength} characters.`
        : `Choose one of: ${option.choices.join(', ')}.`;
  }
}
