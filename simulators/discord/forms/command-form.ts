import { z } from 'zod';
import { type FormProblem, invalidForm, type Path, readForm } from '../refusal.ts';

const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;
const STRING = 3;
const INTEGER = 4;
const NUMBER = 10;

const namePattern = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const commandName = z.string().refine((name) => namePattern.test(name) && name === name.toLowerCase(), {
  params: { discord: 'APPLICATION_COMMAND_INVALID_NAME' },
  message: 'Command name is invalid',
});
const optionalBits = z.string().regex(/^\d+$/).nullish();
const description = z.string().min(1).max(100);
const choice = z.object({
  name: z.string().min(1).max(100),
  value: z.union([z.string().max(100), z.number()]),
});

const leafShape = {
  name: commandName,
  description,
  required: z.boolean().optional(),
  choices: z.array(choice).max(25).optional(),
  min_value: z.number().optional(),
  max_value: z.number().optional(),
  min_length: z.int().min(0).max(6000).optional(),
  max_length: z.int().min(1).max(6000).optional(),
  autocomplete: z.boolean().optional(),
};
const nameOnly = {
  name: commandName,
  description,
};

const optionType = z.literal([3, 4, 5, 6, 7, 8, 9, 10, 11]);
const leaf = z.object({ ...leafShape, type: optionType });
const subcommand = z.object({ ...nameOnly, type: z.literal(SUBCOMMAND), options: z.array(leaf).max(25).optional() });
const group = z.object({
  ...nameOnly,
  type: z.literal(SUBCOMMAND_GROUP),
  options: z.array(subcommand).max(25).optional(),
});

const chatCommand = z.object({
  ...nameOnly,
  type: z.literal(1).default(1),
  options: z
    .array(z.discriminatedUnion('type', [subcommand, group, leaf]))
    .max(25)
    .optional(),
  default_member_permissions: optionalBits,
  dm_permission: z.boolean().nullish(),
  nsfw: z.boolean().optional(),
  integration_types: z.array(z.int().min(0).max(1)).nullish(),
  contexts: z.array(z.int().min(0).max(2)).nullish(),
});

export type ChoiceForm = z.infer<typeof choice>;
export type LeafForm = z.infer<typeof leaf>;
export type OptionForm = z.infer<typeof leaf> | z.infer<typeof subcommand> | z.infer<typeof group>;
export type CommandForm = z.infer<typeof chatCommand>;

export function isLeaf(option: OptionForm): option is LeafForm {
  return option.type !== SUBCOMMAND && option.type !== SUBCOMMAND_GROUP;
}

/** Reads the whole list of one registration (PUT), as Discord would accept it. */
export function readCommands(body: unknown): readonly CommandForm[] {
  const list = readForm(z.array(z.unknown()), body);
  if (list.length > 100) {
    throw invalidForm([{ path: [], code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 100 or fewer in length.' }]);
  }
  const commands = list.map((value, index) => readCommand(value, [index]));
  const problems = duplicates(commands, []).map((problem) => ({
    ...problem,
    code: 'APPLICATION_COMMANDS_DUPLICATE_NAME',
    message: 'Application command names must be unique',
  }));
  if (problems.length > 0) throw invalidForm(problems);
  return commands;
}

function readCommand(value: unknown, under: Path): CommandForm {
  const command = readForm(chatCommand, value, under);
  const problems = optionListProblems(command.options ?? [], [...under, 'options']);
  if (lettersOf(command) > 8000) {
    const message = 'Command exceeds maximum size (8000)';
    problems.push({ path: under, code: 'APPLICATION_COMMAND_TOO_LARGE', message });
  }
  if (problems.length > 0) throw invalidForm(problems);
  return command;
}

function optionListProblems(options: readonly OptionForm[], path: Path): FormProblem[] {
  const problems = duplicates(options, path).map((problem) => ({
    ...problem,
    code: 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
    message: 'Option name already exists in these options',
  }));
  if (options.some(isLeaf) && !options.every(isLeaf)) {
    const message = 'Sub-command and sub-command group option types are mutually exclusive to all other types';
    problems.push({ path, code: 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID', message });
  }
  const firstOptional = options.findIndex((option) => isLeaf(option) && option.required !== true);
  for (const [index, option] of options.entries()) {
    const here = [...path, index];
    if (isLeaf(option)) {
      problems.push(...leafProblems(option, here));
      if (option.required === true && firstOptional !== -1 && index > firstOptional) {
        const message = 'Required options must be placed before non-required options';
        problems.push({ path: here, code: 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID', message });
      }
    } else problems.push(...optionListProblems(option.options ?? [], [...here, 'options']));
  }
  return problems;
}

function leafProblems(option: LeafForm, path: Path): FormProblem[] {
  const problems: FormProblem[] = [];
  const add = (field: string, code: string, message: string) =>
    problems.push({ path: [...path, field], code, message });
  const isText = option.type === STRING;
  const isNumeric = option.type === INTEGER || option.type === NUMBER;
  const isChoosable = isText || isNumeric;
  if (option.choices !== undefined && !isChoosable) add('choices', 'BASE_TYPE_INVALID', 'This type takes no choices');
  if (option.choices?.length && option.autocomplete === true) {
    add(
      'autocomplete',
      'APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID',
      'Autocomplete and choices exclude each other',
    );
  }
  if (option.autocomplete === true && !isChoosable)
    add('autocomplete', 'BASE_TYPE_INVALID', 'This type takes no autocomplete');
  if (!isNumeric && (option.min_value ?? option.max_value) !== undefined) {
    add('min_value', 'BASE_TYPE_INVALID', 'Only a number has minimum and maximum');
  }
  if (!isText && (option.min_length ?? option.max_length) !== undefined) {
    add('min_length', 'BASE_TYPE_INVALID', 'Only a string has a length');
  }
  for (const [index, { value }] of (option.choices ?? []).entries()) {
    if (isText === (typeof value === 'string') && (option.type !== INTEGER || Number.isInteger(value))) continue;
    add('choices', 'BASE_TYPE_INVALID', `Choice ${index} has a value of another type than its option`);
  }
  return problems;
}

function duplicates(named: readonly { readonly name: string }[], path: Path): FormProblem[] {
  return named.flatMap(({ name }, index) =>
    named.findIndex((other) => other.name === name) < index
      ? [{ path: [...path, index, 'name'], code: '', message: '' }]
      : [],
  );
}

function lettersOf(part: CommandForm | OptionForm): number {
  const own = part.name.length + part.description.length;
  const nested = 'options' in part ? (part.options ?? []).reduce((sum, option) => sum + lettersOf(option), 0) : 0;
  const choices = 'choices' in part ? (part.choices ?? []) : [];
  return own + nested + choices.reduce((sum, { name, value }) => sum + name.length + String(value).length, 0);
}
