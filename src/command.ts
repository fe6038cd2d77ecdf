import { z } from 'zod';
import type { Delivery } from './confirm/proposal.ts';

// --- what a person can type -------------------------------------------------------------------------------------

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

// --- what a person is shown -------------------------------------------------------------------------------------

/** Text with the parts that a chat client renders itself. Plain strings are shown literally, never as markup. */
export type Text = string | readonly Span[];

export type Span =
  | string
  | { readonly strong: string }
  | { readonly code: string }
  /** Lines in monospaced letters, such as a small table. */
  | { readonly block: string }
  | { readonly user: string }
  /** A command by its full name, such as `keys add`, to be tapped where the client can. */
  | { readonly command: string }
  | { readonly time: number; readonly style: 'relative' | 'clock' };

/** The parts of a text, whichever way it was written. */
export function spansOf(text: Text): readonly Span[] {
  return typeof text === 'string' ? [text] : text;
}

/** The colour and weight of a message: a question, a risky question, good news, a refusal, something unknown. */
export type Tone = 'plain' | 'ask' | 'risky' | 'done' | 'refused' | 'unknown';

/** What a button asks for. `id` (128 random bits) finds the rest in the store. */
export type Verb = 'confirm' | 'cancel' | 'check' | 'back' | 'do' | 'drop';

export type Button =
  | {
      readonly kind: 'press';
      readonly verb: Verb;
      readonly id: string;
      readonly label: string;
      readonly style: 'primary' | 'danger' | 'secondary';
    }
  | { readonly kind: 'link'; readonly url: string; readonly label: string };

/** One message, independent of what shows it. At most 25 fields and five buttons. */
export type View = {
  readonly tone: Tone;
  readonly title: string;
  readonly body?: Text;
  readonly fields?: readonly { readonly name: string; readonly value: Text; readonly isInline?: boolean }[];
  readonly footer?: string;
  readonly buttons?: readonly Button[];
  /** Title and body as the text of the message itself, without a frame: for what is only read. Nothing else is shown. */
  readonly isText?: true;
  /** For whoever asked alone, also where the answer was meant for everybody. */
  readonly isPrivate?: true;
  /** What a public view withholds, for whoever asked alone. */
  readonly aside?: View;
};

/** One coloured line, without a title and buttons. */
export type Note = { readonly tone: Tone; readonly text: Text };

// --- the contract ------------------------------------------------------------------------------------------------

/**
 * Who asks, and where. `guild` is absent in direct messages. Ids are Discord snowflakes as text.
 * `userName` is the unique one: the display name is anybody's to choose.
 */
export type Caller = {
  readonly user: string;
  readonly userName: string;
  readonly guild?: string;
  readonly channel: string;
};

/** One call of a command. `delivery` tells how its reply can be edited later. */
export type Call = Caller & { readonly isShared: boolean; readonly delivery: Delivery };

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

/** A press of a button, after it was acknowledged. `delivery` is the message that carries the button. */
export type Press = Caller & { readonly verb: Verb; readonly id: string; readonly delivery: Delivery };

/**
 * What a press does to Discord: `update` replaces the message that carries the button, `answer` is a new message
 * that only the presser sees. `answered` is called with the id of that new message.
 */
export type PressReply = {
  readonly update?: View;
  readonly answer?: View;
  readonly answered?: (messageId: string) => Promise<void>;
  /** Called when `update` was delivered, with its `aside` where it has one. */
  readonly told?: () => Promise<void>;
  /** Called when it could not be, so that the presser can be told later. */
  readonly lost?: () => Promise<void>;
  /** Called when the message may show something else than `update`, so that it is put right later. */
  readonly mend?: () => Promise<void>;
};

export type PressHandler = (press: Press, progress: (view: View) => void) => Promise<PressReply>;

/** Sends what was not asked for just now: late outcomes, expired cards, the audit line. Never throws. */
export type Messenger = {
  /** Edits a message: by its interaction token for 15 minutes, then as the bot where the message is public. */
  readonly edit: (delivery: Delivery, view: View) => Promise<'told' | 'lost'>;
  /** A new message that only the person sees to whom the delivery belongs, while its token lives. */
  readonly whisper: (delivery: Delivery, view: View) => Promise<'told' | 'lost'>;
  /** One message of up to ten lines. `limited`: Discord takes no more just now, so it was certainly not posted. */
  readonly post: (channel: string, lines: readonly Note[]) => Promise<'told' | 'limited' | 'lost'>;
};

/** What a person must still be told, because the message it belonged to could no longer be edited. */
export type News = { readonly view: View; readonly told: () => Promise<void> };
