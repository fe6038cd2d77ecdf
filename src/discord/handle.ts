import { InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import { atMost } from '../at-most.ts';
import type { Command } from '../command.ts';
import { type FailureData, unreachable } from '../errors.ts';
import type { Log } from '../log.ts';
import { failureView } from '../messages.ts';
import type { Acknowledge, Answering, Result } from './answering.ts';
import { autocomplete } from './autocomplete.ts';
import { createCommandTable, findSubcommand, pathOf } from './command-table.ts';
import { describeError } from './describe-error.ts';
import { type Bounds, createFloodBound, createQueues, personalBounds } from './flood-bound.ts';
import type { Invocation } from './interaction.ts';
import { render } from './reply.ts';
import type { Acknowledgement, InteractionResponse } from './rest.ts';
import { runCommand } from './run-command.ts';
import { runPress } from './run-press.ts';

/** What is counted about interactions. `ageMs` is by this host's clock. Must not throw. */
export type InteractionMetrics = {
  readonly interactionArrived: (arrived: { readonly kind: Invocation['kind']; readonly ageMs: number }) => void;
  readonly interactionAcknowledged: (acknowledged: {
    readonly kind: Invocation['kind'];
    readonly ack: Acknowledgement['kind'];
    readonly ackMs: number;
  }) => void;
  /** `name` is a declared command such as `leverage set`, or a verb; `other` for what is neither. */
  readonly interactionEnded: (ended: {
    readonly kind: Invocation['kind'];
    readonly name: string;
    readonly result: Result;
  }) => void;
};

/** Discord takes a first answer for three seconds. */
const REFUSE_WITHIN_MS = 2_500;
const REMEMBERED_IDS = 10_000;
const CLOCK_AHEAD_MS = 3_000;
const CLOCK_BEHIND_MS = -1_000;
const WARN_EVERY_MS = 10 * 60_000;

type HandlerOptions = Omit<Answering, 'commands' | 'hurry' | 'log'> & {
  readonly commands: readonly Command[];
  readonly venueIds: readonly string[];
  readonly metrics: InteractionMetrics;
  readonly log: Pick<Log, 'debug' | 'warn' | 'error'>;
  readonly now: () => number;
  /** Milliseconds that have passed, whatever the host's clock was set to. */
  readonly elapsed: () => number;
  /** What one person may send; more is turned away. */
  readonly bounds?: Bounds | undefined;
};

export type Handler = {
  /**
   * Answers one interaction, however it came; the same one only once. All that a transport calls. Never rejects.
   *
   * @param acknowledge - Sends the first answer. It is called at most once, and nothing runs unless Discord took it.
   */
  readonly handle: (invocation: Invocation, acknowledge: Acknowledge) => Promise<void>;
  /** From now on turns interactions away, and waits for the running ones, but not longer than this. */
  readonly drain: (withinMs: number) => Promise<void>;
};

export function createHandler(options: HandlerOptions): Handler {
  const { rest, press, news, commandIds, newReference, pause, metrics, log, now, elapsed } = options;
  const draining = new AbortController();
  const context: Handling = {
    ...{ rest, press, news, commandIds, newReference, pause, metrics, log, now },
    commands: createCommandTable(options.commands, options.venueIds),
    hurry: draining.signal,
    isNew: createOnce(REMEMBERED_IDS),
    admit: createFloodBound({ elapsed, bounds: options.bounds ?? personalBounds }),
    inQueue: createQueues({ elapsed, withinMs: REFUSE_WITHIN_MS }),
    warnAboutClock: createClockWarning({ log, now }),
    running: new Set(),
  };
  return {
    handle: (invocation, acknowledge) => handleOnce(context, invocation, acknowledge),
    drain: async (withinMs) => {
      draining.abort();
      await drain(context, withinMs);
    },
  };
}

type Handling = Answering & {
  readonly metrics: InteractionMetrics;
  readonly log: HandlerOptions['log'];
  readonly now: () => number;
  readonly isNew: (id: string) => boolean;
  readonly admit: ReturnType<typeof createFloodBound>;
  readonly inQueue: ReturnType<typeof createQueues>;
  readonly warnAboutClock: (ageMs: number) => void;
  readonly running: Set<Promise<void>>;
};

async function handleOnce(context: Handling, invocation: Invocation, acknowledge: Acknowledge): Promise<void> {
  const { isNew, running, log } = context;
  if (!isNew(invocation.id)) {
    log.debug({ kind: invocation.kind }, 'an interaction arrived twice');
    return;
  }
  const handling = handle(context, invocation, acknowledge)
    .catch((error: unknown) => log.error({ error: describeError(error) }, 'an interaction was not answered'))
    .finally(() => running.delete(handling));
  running.add(handling);
  await handling;
}

async function handle(context: Handling, invocation: Invocation, acknowledge: Acknowledge): Promise<void> {
  const { metrics, log, now } = context;
  const { kind } = invocation;
  const arrivedAt = now();
  metrics.interactionArrived({ kind, ageMs: arrivedAt - invocation.createdAt });
  const measured = measure(context, invocation, acknowledge, arrivedAt);
  const result = await answer(context, invocation, measured, arrivedAt);
  const name = nameOf(context, invocation);
  metrics.interactionEnded({ kind, name, result });
  log.debug({ kind, name, result }, 'an interaction was answered');
}

function measure(
  { metrics, now, warnAboutClock }: Handling,
  { kind, createdAt }: Invocation,
  acknowledge: Acknowledge,
  arrivedAt: number,
): Acknowledge {
  return async (response, wantsMessageId) => {
    const ack = await acknowledge(response, wantsMessageId);
    metrics.interactionAcknowledged({ kind, ack: ack.kind, ackMs: now() - arrivedAt });
    if (ack.kind === 'acked') warnAboutClock(arrivedAt - createdAt);
    return ack;
  };
}

async function answer(
  context: Handling,
  invocation: Invocation,
  acknowledge: Acknowledge,
  arrivedAt: number,
): Promise<Result> {
  const { kind, caller } = invocation;
  if (context.hurry.aborted) return turnAway(context, kind, acknowledge, { code: 'SHUTTING_DOWN' });
  const retryAfterMs = context.admit(kind, caller.user);
  if (retryAfterMs !== undefined) {
    const refuse = () => turnAway(context, kind, acknowledge, tooFast(kind, retryAfterMs));
    return (await context.inQueue(caller.user, refuse)) ?? 'not-acknowledged';
  }
  switch (invocation.kind) {
    case 'command':
      return runCommand(context, invocation, acknowledge, arrivedAt);
    case 'press':
      return runPress(context, invocation, acknowledge, arrivedAt);
    case 'autocomplete':
      return autocomplete(context, invocation, acknowledge);
    default:
      return unreachable(invocation);
  }
}

/** The answer is the acknowledgement itself: nothing is looked at for it. */
async function turnAway(
  context: Handling,
  kind: Invocation['kind'],
  acknowledge: Acknowledge,
  failure: FailureData,
): Promise<Result> {
  await acknowledge(kind === 'autocomplete' ? noChoices : refusal(context, failure));
  return failure.code;
}

const noChoices: InteractionResponse = {
  type: InteractionResponseType.ApplicationCommandAutocompleteResult,
  data: { choices: [] },
};

function refusal(context: Handling, failure: FailureData): InteractionResponse {
  const data = { ...render(context, failureView(failure)), flags: MessageFlags.Ephemeral };
  return { type: InteractionResponseType.ChannelMessageWithSource, data };
}

function tooFast(kind: Invocation['kind'], retryAfterMs: number): FailureData {
  return { code: 'TOO_FAST', what: kind === 'press' ? 'button presses' : 'commands', retryAfterMs };
}

// Names become metric labels, so only those from fixed lists.
function nameOf({ commands }: Handling, invocation: Invocation): string {
  if (invocation.kind === 'press') return invocation.button?.verb ?? 'other';
  return findSubcommand(commands, invocation) === undefined ? 'other' : pathOf(invocation.name, invocation.subcommand);
}

async function drain({ running, log }: Handling, withinMs: number): Promise<void> {
  await atMost(withinMs, Promise.all(running));
  if (running.size > 0) log.warn({ running: running.size }, 'interactions are still running');
}

/** Says once for each id that it is new, remembering the latest ones. */
function createOnce(remembered: number): (id: string) => boolean {
  const seen = new Set<string>();
  return (id) => {
    if (seen.has(id)) return false;
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > remembered && oldest !== undefined) seen.delete(oldest);
    return true;
  };
}

/** Discord took the acknowledgement, so the interaction was in time: any other age means that a clock is wrong. */
function createClockWarning({ log, now }: { readonly log: Pick<Log, 'warn'>; readonly now: () => number }) {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (ageMs: number): void => {
    const isPlausible = ageMs < CLOCK_AHEAD_MS && ageMs > CLOCK_BEHIND_MS;
    if (isPlausible || now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = now();
    log.warn({ ageMs }, 'this host’s clock and Discord’s differ: check its time synchronisation');
  };
}
