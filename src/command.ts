import { z } from 'zod';
import type { Caller } from './caller.ts';
import type { OwnMessage } from './delivery.ts';
import type { View } from './view.ts';

/**
 * One option of a command, declared once: Discord's JSON, the zod check, `/help` and the docs come from it.
 *
 * `venue` is a choice whose values are the venues that this bot runs; `text` may offer completions.
 */
export type Option =
  | { readonly kind: 'venue'; readonly description: string; readonly isRequired: boolean }
  | {
      readonly kind: 'text';
      readonly description: string;
      readonly isRequired: boolean;
      readonly maxLength: number;
      readonly completes: boolean;
      readonly choices?: readonly string[];
    }
  | { readonly kind: 'boolean'; readonly description: string; readonly isRequired: boolean };

export type Options = Readonly<Record<string, Option>>;

type Value<O extends Option> = O extends { kind: 'boolean' } ? boolean : string;

/** What the options hold once checked: text options are never empty. */
export type OptionValues<O extends Options> = {
  readonly [Name in keyof O]: Value<O[Name]> | (O[Name]['isRequired'] extends true ? never : undefined);
};

type Described<Required extends boolean> = { readonly description: string; readonly isRequired: Required };

export function venueOption(description: string): { readonly kind: 'venue' } & Described<true> {
  return { kind: 'venue', description, isRequired: true };
}

type TextOption<Required extends boolean> = Described<Required> & {
  readonly kind: 'text';
  readonly maxLength: number;
  readonly completes: boolean;
  readonly choices?: readonly string[];
};

export function textOption(
  description: string,
  settings: { readonly maxLength: number; readonly completes?: boolean; readonly choices?: readonly string[] },
): TextOption<true> {
  return { kind: 'text', isRequired: true, description, completes: false, ...settings };
}

export function optionalText(
  description: string,
  settings: { readonly maxLength: number; readonly completes?: boolean; readonly choices?: readonly string[] },
): TextOption<false> {
  return { ...textOption(description, settings), isRequired: false };
}

export function optionalBoolean(description: string): { readonly kind: 'boolean' } & Described<false> {
  return { kind: 'boolean', description, isRequired: false };
}

/** The zod check of a set of options; values that Discord's client would not send are refused here too. */
export function optionsSchema(options: Options, venueIds: readonly string[]): z.ZodType<OptionValues<Options>> {
  const checks = Object.entries(options).map(([name, option]) => [name, check(option, venueIds)] as const);
  return z.strictObject(Object.fromEntries(checks));
}

function check(option: Option, venueIds: readonly string[]): z.ZodType<string | boolean | undefined> {
  const value = valueCheck(option, venueIds);
  return option.isRequired ? value : value.optional();
}

function valueCheck(option: Option, venueIds: readonly string[]): z.ZodType<string | boolean> {
  switch (option.kind) {
    case 'boolean':
      return z.boolean();
    case 'venue':
      return z.enum(venueIds);
    case 'text':
      return textCheck(option);
  }
}

function textCheck(option: Extract<Option, { kind: 'text' }>): z.ZodType<string> {
  return option.choices === undefined ? z.string().min(1).max(option.maxLength) : z.enum(option.choices);
}

/** One call of a command. `delivery` tells how its reply can be edited later. */
export type Call = Caller & { readonly isShared: boolean; readonly delivery: OwnMessage };

export type Subcommand<O extends Options = Options> = {
  readonly name: string;
  readonly description: string;
  readonly options: O;
  // A method, not a property: its parameter types may then be narrower than the registry's.
  run(call: Call, values: OptionValues<O>): Promise<View>;
  /** Up to 25 completions for a text option, from memory: Discord waits three seconds and cannot be asked to wait. */
  readonly complete?: (
    caller: Caller,
    option: string,
    typed: string,
    values: Readonly<Record<string, unknown>>,
  ) => Promise<readonly Completion[]>;
};

export type Completion = { readonly name: string; readonly value: string };

/** A top-level command: either subcommands, or one that runs by itself. */
export type Command =
  | { readonly name: string; readonly description: string; readonly subcommands: readonly Subcommand[] }
  | Subcommand;

/** Infers the option types of one subcommand while it is declared. */
export function subcommand<const O extends Options>(declared: Subcommand<O>): Subcommand<O> {
  return declared;
}
