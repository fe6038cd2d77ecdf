import { z } from 'zod';
import type { RestCall } from '../../simulators/discord/interactions.ts';
import { interactionTypes } from '../../simulators/discord/model.ts';
import type { InteractionRecord } from '../../simulators/discord/view.ts';
import { type Change, labelOf } from './changes.ts';

export type Lane = 'you' | 'discord' | 'bot' | 'exchange';

/** One arrow between two lanes. */
export type Step = {
  readonly kind: 'ask' | 'press' | 'taken' | 'read' | 'write' | 'read-back' | 'told';
  readonly from: Lane;
  readonly to: Lane;
  /** Milliseconds since the epoch, by the clock of everybody here. */
  readonly at: number;
  /** When a request to an exchange ended, answered or not; undefined while the bot waits. */
  readonly endedAt: number | undefined;
  readonly outcome: 'done' | 'failed' | 'silent' | 'waiting';
  readonly text: string;
  /** What an exchange answered. */
  readonly status?: number | undefined;
  /** How many requests it stands for. */
  readonly count: number;
};

const order: readonly Step['kind'][] = ['ask', 'press', 'taken', 'read', 'write', 'read-back', 'told'];

/** Every step of a change on one time axis; reads that follow each other are one step. */
export function describeSteps(change: Change): readonly Step[] {
  const steps = [...change.records.flatMap(stepsOfInteraction), ...stepsOfRequests(change)];
  const sorted = steps.toSorted(
    (one, other) => one.at - other.at || order.indexOf(one.kind) - order.indexOf(other.kind),
  );
  return sorted.reduce<readonly Step[]>(joinReads, []);
}

function joinReads(before: readonly Step[], step: Step): readonly Step[] {
  const last = before.at(-1);
  const isSame = last?.kind === step.kind && last.outcome === step.outcome && last.outcome !== 'waiting';
  if (last === undefined || !isSame || (step.kind !== 'read' && step.kind !== 'read-back')) return [...before, step];
  const endedAt = Math.max(last.endedAt ?? 0, step.endedAt ?? 0);
  return [...before.slice(0, -1), { ...last, endedAt, count: last.count + 1 }];
}

function stepsOfInteraction(record: InteractionRecord): readonly Step[] {
  const isCommand = record.type === interactionTypes.command;
  const calls = record.calls.filter(({ method }) => method !== 'DELETE').map(stepOfCall);
  const asked: Step = {
    kind: isCommand ? 'ask' : 'press',
    from: 'you',
    // While the bot is away, an event goes nowhere.
    to: record.delivered > 0 ? 'bot' : 'discord',
    at: record.createdAt,
    endedAt: record.acknowledgedAt,
    outcome: record.state === 'failed' ? 'failed' : 'done',
    text: isCommand ? `/${record.name}` : labelOf(record),
    count: 1,
  };
  // That Discord took the answer in time goes without an arrow of its own.
  return [asked, ...calls.filter(({ kind, outcome }) => kind === 'told' || outcome === 'failed')];
}

const embeds = z.array(z.object({ title: z.string().optional() }));
const bodies = z.object({ embeds: embeds.optional(), content: z.string().nullish() });
const callback = z.object({ type: z.int(), data: bodies.optional() });

/** What the bot sent to Discord: that it took the interaction, or what it says. */
function stepOfCall({ at, path, status, body, fault }: RestCall): Step {
  const answer = path.endsWith('/callback') ? callback.safeParse(body).data : undefined;
  const said = answer === undefined ? bodies.safeParse(body).data : answer.data;
  const title = said?.embeds?.[0]?.title ?? said?.content ?? undefined;
  const isDone = status !== undefined && status < 300;
  return {
    ...{ kind: title === undefined ? 'taken' : 'told', from: 'bot', to: isDone ? 'you' : 'discord' },
    ...{ at, endedAt: undefined, outcome: isDone ? 'done' : 'failed', count: 1 },
    text: isDone ? (title ?? 'taken') : `Discord refuses: ${status ?? fault ?? 'no answer'}`,
  };
}

/** A frame is known by what it asks for, since all of them go to one address. */
function textOf(method: string, url: string): string {
  const [path = '', query] = url.split('?');
  return method === 'WS' ? `${new URLSearchParams(query).get('method')} over the socket` : `${method} ${path}`;
}

function stepsOfRequests({ requests }: Change): readonly Step[] {
  const firstWrite = requests.find(({ kind }) => kind === 'write')?.at ?? Infinity;
  return requests.map(({ kind, at, endedAt, isAnswered, status, method, url }) => {
    const answer = isAnswered && status !== 'none' ? status : undefined;
    const ended = answer === undefined ? 'silent' : answer < 400 ? 'done' : 'failed';
    return {
      kind: kind === 'read' && at > firstWrite ? 'read-back' : kind,
      ...{ from: 'bot', to: 'exchange', at, endedAt, count: 1 },
      outcome: endedAt === undefined ? 'waiting' : ended,
      text: textOf(method, url),
      // A frame has none: what stands there says only whether it succeeded.
      status: method === 'WS' ? undefined : answer,
    };
  });
}
