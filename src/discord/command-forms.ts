import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  type APIApplicationCommandOptionChoice,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import type { Command, Option, Options, Subcommand } from '../command.ts';

/** A venue as a choice: its id is the value, its label what people see. */
export type VenueChoice = { readonly id: string; readonly label: string };

type OptionForm = APIApplicationCommandOption;
type Choice = APIApplicationCommandOptionChoice<string>;
/** One command as Discord registers it. */
export type CommandForm = RESTPostAPIChatInputApplicationCommandsJSONBody;

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
export function describeCommands(commands: readonly Command[], venues: readonly VenueChoice[]): CommandForm[] {
  const forms = commands.map((command): CommandForm => {
    const options =
      'subcommands' in command
        ? command.subcommands.map((each) => subcommandForm(each, venues))
        : optionForms(command.options, venues);
    return {
      ...named(command.name, command.description),
      type: ApplicationCommandType.ChatInput,
      options: atMost(limits.options, options, `options of /${command.name}`),
      integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
      contexts: [InteractionContextType.Guild, InteractionContextType.BotDM, InteractionContextType.PrivateChannel],
    };
  });
  for (const form of forms) within(limits.size, lettersOf(form), `letters in /${form.name}`);
  return unique(atMost(limits.commands, forms, 'commands'), 'commands');
}

function subcommandForm({ name, description, options }: Subcommand, venues: readonly VenueChoice[]): OptionForm {
  return {
    type: ApplicationCommandOptionType.Subcommand,
    ...named(name, description),
    options: optionForms(options, venues),
  };
}

function optionForms(options: Options, venues: readonly VenueChoice[]): APIApplicationCommandBasicOption[] {
  const forms = Object.entries(options).map(([name, option]) => optionForm(name, option, venues));
  // Discord wants required options first.
  const sorted = [...forms.filter(({ required }) => required), ...forms.filter(({ required }) => !required)];
  return atMost(limits.options, sorted, 'options');
}

function optionForm(name: string, option: Option, venues: readonly VenueChoice[]): APIApplicationCommandBasicOption {
  const common = { ...named(name, option.description), required: option.isRequired };
  switch (option.kind) {
    case 'boolean':
      return { ...common, type: ApplicationCommandOptionType.Boolean };
    case 'venue':
      return {
        ...common,
        type: ApplicationCommandOptionType.String,
        choices: choiceForms(venues.map(({ id, label }) => ({ name: label, value: id }))),
      };
    case 'text':
      return option.choices === undefined
        ? {
            ...common,
            type: ApplicationCommandOptionType.String,
            max_length: textLength(option.maxLength, name),
            autocomplete: option.completes,
          }
        : {
            ...common,
            type: ApplicationCommandOptionType.String,
            choices: choiceForms(option.choices.map((value) => ({ name: value, value }))),
          };
  }
}

function choiceForms(choices: Choice[]): Choice[] {
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

function atMost<T>(limit: number, list: T[], what: string): T[] {
  within(limit, list.length, what);
  return list;
}

function within(limit: number, count: number, what: string): void {
  if (count > limit) throw new RangeError(`Discord allows ${limit} ${what}, not ${count}`);
}

function unique<T extends { readonly name: string }>(list: T[], what: string): T[] {
  if (new Set(list.map(({ name }) => name)).size !== list.length) throw new RangeError(`two ${what} have one name`);
  return list;
}

/** Discord counts names, descriptions and values, all the way down. */
function lettersOf(form: CommandForm | OptionForm | APIApplicationCommandOptionChoice): number {
  if ('value' in form) return form.name.length + String(form.value).length;
  const options = 'options' in form ? (form.options ?? []) : [];
  const choices = 'choices' in form ? (form.choices ?? []) : [];
  const below = [...options, ...choices].reduce((sum, each) => sum + lettersOf(each), 0);
  return form.name.length + form.description.length + below;
}
