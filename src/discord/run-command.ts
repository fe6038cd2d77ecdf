import { InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import type { Call } from '../command.ts';
import { answeredAloneView, failureView, tryAgainView } from '../messages.ts';
import type { View } from '../view.ts';
import type { Acknowledge, Answering, Result } from './answering.ts';
import { pathOf, type Resolved, resolveCall } from './command-table.ts';
import type { CommandInvocation } from './interaction.ts';
import { sayInDoubt, showInPlace, whisper, whisperAside } from './reply.ts';
import { type Acknowledgement, deleteReply, type Sent } from './rest.ts';
import { type Ran, runQuietly, runSafely } from './run-safely.ts';

/** Runs a command: acknowledged first, then run, then the reply is edited, then the person hears what was missed. */
export async function runCommand(
  context: Answering,
  invocation: CommandInvocation,
  acknowledge: Acknowledge,
  arrivedAt: number,
): Promise<Result> {
  const resolved = resolveCall(context.commands, invocation);
  const isShared = resolved.kind === 'ready' && resolved.values.share === true;
  const ack = await acknowledge(deferredReply(isShared), isShared);
  if (ack.kind === 'uncertain') {
    await sayInDoubt(context, () => answer(context, invocation, tryAgainView(), !isShared));
  }
  if (ack.kind !== 'acked') return 'not-acknowledged';

  const ran = await run(context, invocation, resolved, callOf(invocation, ack, isShared, arrivedAt));
  if (ran.kind === 'failed') {
    const sent = await answer(context, invocation, ran.view, !isShared);
    // What was missed may be why it failed: a key that is no longer there.
    if (sent.kind === 'told') await runQuietly(context, 'telling news', () => tellNews(context, invocation));
    return ran.result;
  }
  const sent = await answer(context, invocation, ran.value, !isShared || ran.value.isPrivate !== true);
  if (sent.kind !== 'told') return 'ok';
  await whisperAside(context, invocation, ran.value);
  await runQuietly(context, 'telling news', () => tellNews(context, invocation));
  return 'ok';
}

/** Who sees a reply is fixed with its acknowledgement. */
function deferredReply(isShared: boolean) {
  const data = isShared ? {} : { flags: MessageFlags.Ephemeral };
  return { type: InteractionResponseType.DeferredChannelMessageWithSource, data } as const;
}

type Acked = Extract<Acknowledgement, { kind: 'acked' }>;

function callOf({ token, caller }: CommandInvocation, { messageId }: Acked, isShared: boolean, at: number): Call {
  const own = { kind: 'own', token, at, channel: caller.channel, isPublic: isShared } as const;
  const publicId = isShared && messageId !== undefined ? { publicId: messageId } : {};
  return { ...caller, isShared, delivery: { ...own, ...publicId } };
}

async function run(
  context: Answering,
  { name, subcommand }: CommandInvocation,
  resolved: Resolved,
  call: Call,
): Promise<Ran<View>> {
  if (resolved.kind === 'refused') {
    return { kind: 'failed', result: resolved.failure.code, view: failureView(resolved.failure) };
  }
  return runSafely(context, pathOf(name, subcommand), () => resolved.subcommand.run(call, resolved.values));
}

function answer(context: Answering, invocation: CommandInvocation, view: View, isInPlace: boolean): Promise<Sent> {
  return isInPlace ? showInPlace(context, invocation, view) : answerAlone(context, invocation, view);
}

// A failure is the caller's own business, also when the answer was meant for everybody.
async function answerAlone(context: Answering, invocation: CommandInvocation, view: View): Promise<Sent> {
  const deleted = await deleteReply(context.rest, invocation);
  if (deleted.kind === 'told' || deleted.kind === 'gone') return whisper(context, invocation, view);
  // A follow-up beside a reply that still "thinks" would take its place, and be as public.
  const placed = await showInPlace(context, invocation, answeredAloneView());
  return placed.kind === 'told' ? whisper(context, invocation, view) : placed;
}

async function tellNews(context: Answering, invocation: CommandInvocation): Promise<void> {
  for (const { view, told } of await context.news(invocation.caller.user)) {
    const sent = await whisper(context, invocation, view);
    // One that Discord does not take keeps none of the others away.
    if (sent.kind === 'malformed') continue;
    if (sent.kind !== 'told') return;
    await runQuietly(context, 'noting that news was told', told);
  }
}
