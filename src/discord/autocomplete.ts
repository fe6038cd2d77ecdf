import { InteractionResponseType } from 'discord-api-types/v10';
import type { Completion } from '../command.ts';
import type { Acknowledge, Answering, Result } from './answering.ts';
import { findSubcommand } from './command-table.ts';
import { describeError } from './describe-error.ts';
import type { AutocompleteInvocation } from './interaction.ts';
import { clean, cut } from './text.ts';

const MOST_CHOICES = 25;
const LONGEST = 100;

/** Answers autocomplete. It cannot be deferred, so an error is an empty list. */
export async function autocomplete(
  context: Answering,
  invocation: AutocompleteInvocation,
  acknowledge: Acknowledge,
): Promise<Result> {
  const choices = await complete(context, invocation);
  const type = InteractionResponseType.ApplicationCommandAutocompleteResult;
  const ack = await acknowledge({ type, data: { choices } });
  return ack.kind === 'acked' ? 'ok' : 'not-acknowledged';
}

async function complete({ commands, log }: Answering, invocation: AutocompleteInvocation): Promise<Completion[]> {
  const { caller, focused, typed, options: values } = invocation;
  const subcommand = findSubcommand(commands, invocation);
  const option =
    subcommand !== undefined && Object.hasOwn(subcommand.options, focused) ? subcommand.options[focused] : undefined;
  if (option?.kind !== 'text' || !option.completes || subcommand?.complete === undefined) return [];
  try {
    return presentable(await subcommand.complete(caller, focused, typed, values));
  } catch (error) {
    log.error({ option: focused, error: describeError(error) }, 'completions could not be made');
    return [];
  }
}

/** Within Discord's limits. A value is never shortened: it would mean something else. */
function presentable(completions: readonly Completion[]): Completion[] {
  return completions
    .map(({ name, value }) => ({ name: cut(clean(name), LONGEST), value }))
    .filter(({ name, value }) => name.trim() !== '' && value !== '' && value.length <= LONGEST)
    .slice(0, MOST_CHOICES);
}
