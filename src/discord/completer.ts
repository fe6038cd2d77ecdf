import { InteractionResponseType } from 'discord-api-types/v10';
import type { Completion } from '../command.ts';
import type { Log } from '../log.ts';
import type { Declared } from './declared.ts';
import { describeError } from './describe-error.ts';
import type { AutocompleteInvocation } from './interaction.ts';
import type { Acknowledge, Result } from './runner.ts';
import { clean, cut } from './text.ts';

const MOST_CHOICES = 25;
const LONGEST = 100;

/** Answers autocomplete. It cannot be deferred, so an error is an empty list. */
export function createCompleter(options: {
  readonly declared: Declared;
  readonly acknowledge: Acknowledge;
  readonly log: Pick<Log, 'error'>;
}) {
  const { declared, acknowledge, log } = options;

  async function complete(invocation: AutocompleteInvocation): Promise<Completion[]> {
    const { caller, focused, typed, options: values } = invocation;
    const subcommand = declared.find(invocation);
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

  return async (invocation: AutocompleteInvocation): Promise<Result> => {
    const choices = await complete(invocation);
    const ack = await acknowledge(invocation, {
      type: InteractionResponseType.ApplicationCommandAutocompleteResult,
      data: { choices },
    });
    return ack.kind === 'acked' ? 'ok' : 'not-acknowledged';
  };
}

/** Within Discord's limits. A value is never shortened: it would mean something else. */
function presentable(completions: readonly Completion[]): Completion[] {
  return completions
    .map(({ name, value }) => ({ name: cut(clean(name), LONGEST), value }))
    .filter(({ name, value }) => name.trim() !== '' && value !== '' && value.length <= LONGEST)
    .slice(0, MOST_CHOICES);
}
