const SUBCOMMAND = 1;
const GROUP = 2;
const [INTEGER, BOOLEAN, NUMBER] = [4, 5, 10];

const booleans = [
  { name: 'True', value: true },
  { name: 'False', value: false },
];

/** Everything that can be typed: one entry for each command or subcommand, with its options. */
export function leafCommands(registered) {
  return registered.flatMap((command) => leafs(command, command.name));
}

function leafs({ description, options = [] }, name) {
  const deeper = options.filter(({ type }) => type === SUBCOMMAND || type === GROUP);
  if (deeper.length > 0) return deeper.flatMap((one) => leafs(one, `${name} ${one.name}`));
  return [{ name, description, options }];
}

/** Commands that fit what was typed after the slash, those that begin with it first. */
export function matching(commands, typed) {
  const text = typed.toLowerCase().trim();
  const begins = commands.filter(({ name }) => name.startsWith(text));
  const holds = commands.filter((one) => !begins.includes(one) && name(one).includes(text));
  return [...begins, ...holds];
}

const name = (one) => `${one.name} ${one.description}`.toLowerCase();

/** What may be chosen for an option, or undefined where anything may be typed. */
export function fixedChoices({ type, choices }) {
  if (type === BOOLEAN) return booleans;
  return choices?.length ? choices : undefined;
}

/**
 * Reads what stands in an option the way Discord's client does.
 *
 * @returns {{ value: string | number | boolean } | { problem: string } | undefined} undefined when it is empty
 */
export function readOption(option, { text, chosen }) {
  if (text === '') return undefined;
  const fixed = fixedChoices(option);
  if (fixed !== undefined) {
    const found = fixed.find((choice) => choice.name.toLowerCase() === text.toLowerCase() || choice.value === text);
    return found === undefined ? { problem: 'This is not one of the choices.' } : { value: found.value };
  }
  if (chosen !== undefined && chosen.name === text) return { value: chosen.value };
  return option.type === INTEGER || option.type === NUMBER ? readNumber(option, text) : readText(option, text);
}

function readNumber({ type, min_value: min = -Infinity, max_value: max = Infinity }, text) {
  const value = Number(text);
  if (!Number.isFinite(value)) return { problem: 'This has to be a number.' };
  if (type === INTEGER && !Number.isInteger(value)) return { problem: 'This has to be a whole number.' };
  return value < min || value > max ? { problem: `This has to be from ${min} to ${max}.` } : { value };
}

function readText({ min_length: min = 0, max_length: max = 6000 }, text) {
  if (text.length < min) return { problem: `At least ${min} characters.` };
  return text.length > max ? { problem: `At most ${max} characters.` } : { value: text };
}

/** Splits `/leverage set venue:mudrex market:btc` into the command and what it says about each option. */
export function parseLine(commands, line) {
  const text = line.replace(/^\//, '');
  const command = commands
    .filter(({ name: full }) => text === full || text.startsWith(`${full} `))
    .toSorted((left, right) => right.name.length - left.name.length)[0];
  if (command === undefined) return undefined;
  const pairs = [...text.slice(command.name.length).matchAll(/(\S+?):(\S+)/g)];
  const values = pairs.flatMap(([, option, value]) => {
    const found = command.options.find((one) => one.name === option);
    return found === undefined ? [] : [[option, shown(found, value)]];
  });
  return { command, values: Object.fromEntries(values) };
}

function shown(option, value) {
  const found = fixedChoices(option)?.find((choice) => String(choice.value) === value);
  return { text: found?.name ?? value, chosen: found };
}
