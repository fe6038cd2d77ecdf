import { InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import { atMost } from '../at-most.ts';
import type { Command } from '../command.ts';
import { type FailureData, unreachable } from '../errors.ts';
import type { Log } from '../log.ts';
import { failureView } from '../messages.ts';
import type { News } from '../messenger.ts';
import type { PressHandler } from '../press.ts';
import { createAttempts } from './attempt.ts';
import { createCommandRunner } from './command-runner.ts';
import { createCompleter } from './completer.ts';
import { createDeclared, pathOf } from './declared.ts';
import { describeError } from './describe-error.ts';
import { type Bounds, createFloodBound, createQueues, personalBounds } from './flood-bound.ts';
import { type Arrival, type Invocation, readInvocation } from './interaction.ts';
import { createPressRunner } from './press-runner.ts';
import { createReplies } from './reply.ts';
import type { Acknowledgement, InteractionResponse, Pause, Rest } from './rest.ts';
import type { Result } from './runner.ts';
import type { CommandIds } from './text.ts';

/** What is counted about interactions. `ageMs` is by this host's clock. Must not throw. */
export type InteractionHooks = {
  readonly onArrival?: (arrived: { readonly kind: Invocation['kind']; readonly ageMs: number }) => void;
  readonly onAcknowledged?: (answered: {
    readonly kind: Invocation['kind'];
    readonly ack: Acknowledgement['kind'];
    readonly ackMs: number;
  }) => void;
  /** `name` is a declared command such as `leverage set`, or a verb; `other` for what is neither. */
  readonly onDone?: (done: {
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

export type Dispatch = ReturnType<typeof createDispatch>;

/** Takes raw interactions, each at most once, and answers them. Nothing in here throws or rejects. */
export function createDispatch(options: {
  readonly rest: Rest;
  readonly commands: readonly Command[];
  readonly venueIds: readonly string[];
  readonly press: PressHandler;
  readonly news: (user: string) => Promise<readonly News[]>;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
  readonly now: () => number;
  /** Milliseconds that have passed, whatever the host's clock was set to. */
  readonly elapsed: () => number;
  readonly bounds?: Bounds;
  readonly newReference: () => string;
  readonly hooks: InteractionHooks;
  readonly commandIds: () => CommandIds | undefined;
  readonly pause: Pause;
}) {
  const { rest, commands, venueIds, press, news, log, now, newReference, hooks, pause, commandIds } = options;
  const declared = createDeclared(commands, venueIds);
  const attempts = createAttempts({ log, newReference });
  const draining = new AbortController();
  const replies = createReplies({ rest, attempts, pause, hurry: draining.signal, commandIds });
  const warnAboutClock = createClockWarning({ log, now });
  const admit = createFloodBound({ elapsed: options.elapsed, bounds: options.bounds ?? personalBounds });
  const inQueue = createQueues({ elapsed: options.elapsed, withinMs: REFUSE_WITHIN_MS });
  const isNew = createOnce(REMEMBERED_IDS);
  const running = new Set<Promise<void>>();

  const parts = { declared, rest, replies, attempts, news, press, log };

  /** Answers one interaction; the runners share everything but how their acknowledgement is measured. */
  function runnersFor(kind: Invocation['kind'], arrivedAt: number) {
    async function acknowledge(
      arrival: Arrival,
      body: InteractionResponse,
      wantsMessageId = false,
    ): Promise<Acknowledgement> {
      const ack = await rest.acknowledge(arrival, body, wantsMessageId);
      hooks.onAcknowledged?.({ kind, ack: ack.kind, ackMs: now() - arrivedAt });
      if (ack.kind === 'acked') warnAboutClock(arrivedAt - arrival.createdAt);
      return ack;
    }
    const own = { ...parts, acknowledge };
    return {
      command: createCommandRunner(own),
      press: createPressRunner(own),
      complete: createCompleter(own),
      acknowledge,
    };
  }

  async function answer(invocation: Invocation, arrivedAt: number): Promise<Result> {
    const runners = runnersFor(invocation.kind, arrivedAt);
    if (draining.signal.aborted) return turnAway(invocation, runners.acknowledge, { code: 'SHUTTING_DOWN' });
    const retryAfterMs = admit(invocation.kind, invocation.caller.user);
    if (retryAfterMs !== undefined) {
      const refuse = () => turnAway(invocation, runners.acknowledge, tooFast(invocation, retryAfterMs));
      return (await inQueue(invocation.caller.user, refuse)) ?? 'not-acknowledged';
    }
    switch (invocation.kind) {
      case 'command':
        return runners.command(invocation, arrivedAt);
      case 'press':
        return runners.press(invocation, arrivedAt);
      case 'autocomplete':
        return runners.complete(invocation);
      default:
        return unreachable(invocation);
    }
  }

  /** The answer is the acknowledgement itself: nothing is looked at for it. */
  async function turnAway(
    invocation: Invocation,
    acknowledge: ReturnType<typeof runnersFor>['acknowledge'],
    failure: FailureData,
  ): Promise<Result> {
    await acknowledge(invocation, invocation.kind === 'autocomplete' ? noChoices : refusal(failure));
    return failure.code;
  }

  function refusal(failure: FailureData): InteractionResponse {
    const data = { ...replies.render(failureView(failure)), flags: MessageFlags.Ephemeral };
    return { type: InteractionResponseType.ChannelMessageWithSource, data };
  }

  async function handle(invocation: Invocation, arrivedAt: number): Promise<void> {
    const { kind } = invocation;
    hooks.onArrival?.({ kind, ageMs: arrivedAt - invocation.createdAt });
    const result = await answer(invocation, arrivedAt);
    const name = nameOf(invocation);
    hooks.onDone?.({ kind, name, result });
    log.debug({ kind, name, result }, 'an interaction was answered');
  }

  // Names become metric labels, so only those from fixed lists.
  function nameOf(invocation: Invocation): string {
    if (invocation.kind === 'press') return invocation.button?.verb ?? 'other';
    return declared.find(invocation) === undefined ? 'other' : pathOf(invocation.name, invocation.subcommand);
  }

  function accept(raw: unknown): void {
    const invocation = readInvocation(raw);
    if (invocation.kind === 'ignored') log.debug({ reason: invocation.reason }, 'an interaction was ignored');
    else if (isNew(invocation.id)) track(handle(invocation, now()));
    else log.debug({ kind: invocation.kind }, 'an interaction arrived twice');
  }

  function track(handling: Promise<void>): void {
    const done = handling
      .catch((error: unknown) => log.error({ error: describeError(error) }, 'an interaction was not answered'))
      .finally(() => running.delete(done));
    running.add(done);
  }

  return {
    /** Takes a raw payload; whatever it is, nothing is thrown. */
    accept,
    /** From now on turns interactions away, and waits for the running ones, but not longer than this. */
    async drain(withinMs: number): Promise<void> {
      draining.abort();
      await atMost(withinMs, Promise.all(running));
      if (running.size > 0) log.warn({ running: running.size }, 'interactions are still running');
    },
  };
}

const noChoices: InteractionResponse = {
  type: InteractionResponseType.ApplicationCommandAutocompleteResult,
  data: { choices: [] },
};

function tooFast({ kind }: Invocation, retryAfterMs: number): FailureData {
  return { code: 'TOO_FAST', what: kind === 'press' ? 'button presses' : 'commands', retryAfterMs };
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
