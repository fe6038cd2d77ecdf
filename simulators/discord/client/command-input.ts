import { type ChoiceForm, isLeaf, type LeafForm, type OptionForm } from '../forms/command-form.ts';
import type { RegisteredCommand } from '../rest/commands.ts';
import type { JsonObject } from '../wire.ts';
import { ClientRefusal } from './client-refusal.ts';

export type OptionValue = string | number | boolean;
/** A half-typed command: what is filled in, and the option that has the cursor. */
export type Typed = { readonly options?: OptionValues; readonly focused: string };
export type OptionValues = Readonly<Record<string, OptionValue>>;

type Leafs = {
  readonly leafs: readonly LeafForm[];
  readonly wrap: (options: readonly JsonObject[]) => readonly JsonObject[];
};

/** What somebody typed, checked as the Discord client checks it and nested as the payload nests it. */
export function fillCommand(
  command: RegisteredCommand,
  path: readonly string[],
  values: OptionValues,
): readonly JsonObject[] {
  const { leafs, wrap } = descend(command.options ?? [], path);
  refuseUnknown(leafs, values);
  const missing = leafs.find(({ name, required }) => required === true && values[name] === undefined);
  if (missing !== undefined) throw new ClientRefusal('missing-option', `${missing.name} is required`);
  return wrap(leafs.flatMap((leaf) => filled(leaf, values[leaf.name])));
}

/** A half-typed command: options may be missing, and the focused one is still plain text. */
export function fillAutocomplete(
  command: RegisteredCommand,
  path: readonly string[],
  { options: values = {}, focused }: Typed,
): readonly JsonObject[] {
  const { leafs, wrap } = descend(command.options ?? [], path);
  refuseUnknown(leafs, values);
  const asked = leafs.find(({ name }) => name === focused);
  if (asked?.autocomplete !== true) throw new ClientRefusal('no-autocomplete', `${focused} has no autocomplete`);
  return wrap(
    leafs.flatMap((leaf): readonly JsonObject[] => {
      if (leaf !== asked) return filled(leaf, values[leaf.name]);
      return [{ name: leaf.name, type: leaf.type, value: String(values[focused] ?? ''), focused: true }];
    }),
  );
}

function descend(options: readonly OptionForm[], path: readonly string[]): Leafs {
  const [next, ...rest] = path;
  if (next === undefined) {
    if (!options.every(isLeaf)) throw new ClientRefusal('unknown-command', 'a subcommand is missing');
    return { leafs: options.filter(isLeaf), wrap: (filledOptions) => filledOptions };
  }
  const found = options.find((option) => option.name === next);
  if (found === undefined || isLeaf(found)) throw new ClientRefusal('unknown-command', `no subcommand ${next}`);
  const { leafs, wrap } = descend(found.options ?? [], rest);
  return { leafs, wrap: (inner) => [{ name: found.name, type: found.type, options: wrap(inner) }] };
}

function refuseUnknown(leafs: readonly LeafForm[], values: OptionValues): void {
  const stranger = Object.keys(values).find((name) => !leafs.some((leaf) => leaf.name === name));
  if (stranger !== undefined) throw new ClientRefusal('unknown-option', `no option ${stranger}`);
}

function filled(leaf: LeafForm, value: OptionValue | undefined): readonly JsonObject[] {
  if (value === undefined) return [];
  if (!hasType(leaf.type, value)) throw new ClientRefusal('wrong-type', `${leaf.name} does not take ${typeof value}`);
  if (leaf.choices?.length && !isChoice(leaf.choices, value)) {
    throw new ClientRefusal('not-a-choice', `${String(value)} is no choice of ${leaf.name}`);
  }
  if (isOutOfBounds(leaf, value)) throw new ClientRefusal('out-of-bounds', `${leaf.name} is out of bounds`);
  return [{ name: leaf.name, type: leaf.type, value }];
}

function hasType(type: number, value: OptionValue): boolean {
  switch (type) {
    case 4:
      return Number.isSafeInteger(value);
    case 5:
      return typeof value === 'boolean';
    case 10:
      return typeof value === 'number' && Number.isFinite(value);
    default:
      return typeof value === 'string' && value !== '';
  }
}

function isChoice(choices: readonly ChoiceForm[], value: OptionValue): boolean {
  return choices.some((choice) => choice.value === value);
}

function isOutOfBounds({ min_value, max_value, min_length, max_length, type }: LeafForm, value: OptionValue): boolean {
  if (typeof value === 'number') return value < (min_value ?? -(2 ** 53)) || value > (max_value ?? 2 ** 53);
  if (typeof value === 'string' && type === 3)
    return value.length < (min_length ?? 0) || value.length > (max_length ?? 6000);
  return false;
}
