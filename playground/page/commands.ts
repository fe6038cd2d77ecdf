import type { LeafForm, OptionForm } from '../../simulators/discord/forms/command-form.ts';
import type { RegisteredCommand } from '../../simulators/discord/rest/commands.ts';

const SUBCOMMAND = 1;
const GROUP = 2;
const [INTEGER, BOOLEAN, NUMBER] = [4, 5, 10];

/** A command or subcommand under its full name. */
export type LeafCommand = {
  readonly name: string;
  readonly description: string;
  readonly options: readonly LeafForm[];
};
export type Choice = { readonly name: string; readonly value: string | number | boolean };
/** What stands in an option that is shown. */
export type Value = { readonly text: string; readonly chosen: Choice | undefined };
export type Values = Readonly<Record<string, Value>>;
type Read = { readonly value?: Choice['value']; readonly problem?: string };

const booleans: readonly Choice[] = [
  { name: 'True', value: true },
  { name: 'False', value: false },
];

/** Everything that can be typed: one entry for each command or subcommand, with its options. */
export function leafCommands(registered: readonly RegisteredCommand[]): readonly LeafCommand[] {
  return registered.flatMap((command) => leafs(command, command.name));
}

type Branch = { readonly description: string; readonly options?: readonly OptionForm[] | undefined };

function leafs({ description, options = [] }: Branch, name: string): readonly LeafCommand[] {
  const deeper = options.filter((one) => !isLeaf(one));
  if (deeper.length > 0) return deeper.flatMap((one) => leafs(one, `${name} ${one.name}`));
  return [{ name, description, options: options.filter(isLeaf) }];
}

const isLeaf = (one: OptionForm): one is LeafForm => one.type !== SUBCOMMAND && one.type !== GROUP;

/** Commands that fit what was typed after the slash, those that begin with it first. */
export function matching(commands: readonly LeafCommand[], typed: string): readonly LeafCommand[] {
  const text = typed.toLowerCase().trim();
  const begins = commands.filter(({ name }) => name.startsWith(text));
  const holds = commands.filter((one) => !begins.includes(one) && wordsOf(one).includes(text));
  return [...begins, ...holds];
}

const wordsOf = (one: LeafCommand) => `${one.name} ${one.description}`.toLowerCase();

/** What may be chosen for an option, or undefined where anything may be typed. */
export function fixedChoices({ type, choices }: LeafForm): readonly Choice[] | undefined {
  if (type === BOOLEAN) return booleans;
  return choices?.length ? choices : undefined;
}

/**
 * Reads what stands in an option the way Discord's client does.
 *
 * @returns its value or what is wrong with it; neither when it is empty
 */
export function readOption(option: LeafForm, { text, chosen }: Value): Read {
  if (text === '') return {};
  const fixed = fixedChoices(option);
  if (fixed !== undefined) {
    const found = fixed.find((choice) => choice.name.toLowerCase() === text.toLowerCase() || choice.value === text);
    return found === undefined ? { problem: 'This is not one of the choices.' } : { value: found.value };
  }
  if (chosen !== undefined && chosen.name === text) return { value: chosen.value };
  return option.type === INTEGER || option.type === NUMBER ? readNumber(option, text) : readText(option, text);
}

function readNumber({ type, min_value: min = -Infinity, max_value: max = Infinity }: LeafForm, text: string): Read {
  const value = Number(text);
  if (!Number.isFinite(value)) return { problem: 'This has to be a number.' };
  if (type === INTEGER && !Number.isInteger(value)) return { problem: 'This has to be a whole number.' };
  return value < min || value > max ? { problem: `This has to be from ${min} to ${max}.` } : { value };
}

function readText({ min_length: min = 0, max_length: max = 6000 }: LeafForm, text: string): Read {
  if (text.length < min) return { problem: `At least ${min} characters.` };
  return text.length > max ? { problem: `At most ${max} characters.` } : { value: text };
}

/** Splits `/leverage set venue:mudrex market:btc` into the command and what it says about each option. */
export function parseLine(commands: readonly LeafCommand[], line: string) {
  const text = line.replace(/^\//, '');
  const command = commands
    .filter(({ name: full }) => text === full || text.startsWith(`${full} `))
    .toSorted((left, right) => right.name.length - left.name.length)[0];
  if (command === undefined) return undefined;
  const pairs = [...text.slice(command.name.length).matchAll(/(\S+?):(\S+)/g)];
  const values = pairs.flatMap(([, option, value = '']) => {
    const found = command.options.find((one) => one.name === option);
    return found === undefined ? [] : [[found.name, shown(found, value)] as const];
  });
  return { command, values: Object.fromEntries(values) };
}

function shown(option: LeafForm, value: string): Value {
  const found = fixedChoices(option)?.find((choice) => String(choice.value) === value);
  return { text: found?.name ?? value, chosen: found };
}
