import { InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import type { Call } from '../command.ts';
import { answeredAloneView, failureView, tryAgainView } from '../messages.ts';
import type { News } from '../messenger.ts';
import type { View } from '../view.ts';
import type { Attempt, Attempts } from './attempt.ts';
import { type Declared, pathOf, type Resolved } from './declared.ts';
import type { CommandInvocation } from './interaction.ts';
import type { Replies } from './reply.ts';
import type { Rest, Sent } from './rest.ts';
import type { Acknowledge, Result } from './runner.ts';

/** Runs commands: acknowledged first, then run, then the reply is edited, then the person hears what was missed. */
export function createCommandRunner(options: {
  readonly declared: Declared;
  readonly rest: Rest;
  readonly replies: Replies;
  readonly attempts: Attempts;
  readonly acknowledge: Acknowledge;
  readonly news: (user: string) => Promise<readonly News[]>;
}) {
  const { declared, rest, replies, attempts, acknowledge, news } = options;

  async function perform(invocation: CommandInvocation, resolved: Resolved, call: Call): Promise<Attempt<View>> {
    if (resolved.kind === 'refused') {
      return { kind: 'failed', result: resolved.failure.code, view: failureView(resolved.failure) };
    }
    const { subcommand, values } = resolved;
    return attempts.attempt(pathOf(invocation.name, invocation.subcommand), () => subcommand.run(call, values));
  }

  function answer(invocation: CommandInvocation, view: View, isInPlace: boolean): Promise<Sent> {
    return isInPlace ? replies.edit(invocation, view) : answerAlone(invocation, view);
  }

  // A failure is the caller's own business, also when the answer was meant for everybody.
  async function answerAlone(invocation: CommandInvocation, view: View): Promise<Sent> {
    const deleted = await rest.deleteReply(invocation);
    if (deleted.kind === 'told' || deleted.kind === 'gone') return replies.whisper(invocation, view);
    // A follow-up beside a reply that still "thinks" would take its place, and be as public.
    const placed = await replies.edit(invocation, answeredAloneView());
    return placed.kind === 'told' ? replies.whisper(invocation, view) : placed;
  }

  async function tellNews(invocation: CommandInvocation): Promise<void> {
    for (const { view, told } of await news(invocation.caller.user)) {
      const sent = await replies.whisper(invocation, view);
      // One that Discord does not take keeps none of the others away.
      if (sent.kind === 'malformed') continue;
      if (sent.kind !== 'told') return;
      await attempts.quietly('noting that news was told', told);
    }
  }

  return async (invocation: CommandInvocation, at: number): Promise<Result> => {
    const resolved = declared.resolve(invocation);
    const isShared = resolved.kind === 'ready' && resolved.values.share === true;
    const data = isShared ? {} : { flags: MessageFlags.Ephemeral };
    const ack = await acknowledge(
      invocation,
      { type: InteractionResponseType.DeferredChannelMessageWithSource, data },
      isShared,
    );
    if (ack.kind === 'uncertain') await replies.inDoubt(() => answer(invocation, tryAgainView(), !isShared));
    if (ack.kind !== 'acked') return 'not-acknowledged';

    const { token, caller } = invocation;
    const publicId = isShared && ack.messageId !== undefined ? { publicId: ack.messageId } : {};
    const delivery = { kind: 'own', token, at, channel: caller.channel, isPublic: isShared, ...publicId } as const;
    const performed = await perform(invocation, resolved, { ...caller, isShared, delivery });
    if (performed.kind === 'failed') {
      await answer(invocation, performed.view, !isShared);
      return performed.result;
    }
    const sent = await answer(invocation, performed.value, !isShared || performed.value.isPrivate !== true);
    if (sent.kind === 'told') await replies.aside(invocation, performed.value);
    if (sent.kind === 'told') await attempts.quietly('telling news', () => tellNews(invocation));
    return 'ok';
  };
}
