import type { LoopbackDiscord } from '../../simulators/discord/loopback-discord.ts';
import type { InteractionRecord } from '../../simulators/discord/view.ts';
import type { OpenExchange } from '../../simulators/venues/index.ts';
import { type Change, collectChanges, verbOf } from './changes.ts';
import { describeSteps, type Step } from './steps.ts';

const CHANGES_SHOWN = 8;

/** One change from the command to the receipt. */
export type ChangeFlow = {
  readonly id: string;
  readonly title: string;
  readonly venue: string;
  readonly startedAt: number;
  readonly steps: readonly Step[];
};

/** What all presses led to, for everybody. */
export type Score = {
  /** Presses of a confirmation button. */
  readonly presses: number;
  /** Requests that asked an exchange to change something. */
  readonly writes: number;
  /** Writes beyond the one that a press may send. */
  readonly repeats: number;
  /** Presses that ended without a write, and writes that an exchange refused. */
  readonly refused: number;
};

export type Flow = { readonly score: Score; readonly changes: readonly ChangeFlow[] };

/** The changes of one person, oldest first, and the score of everybody. */
export function describeFlow(
  { discord, exchanges }: { readonly discord: LoopbackDiscord; readonly exchanges: readonly OpenExchange[] },
  viewerId: string,
): Flow {
  const changes = collectChanges(discord.interactions(), exchanges);
  const own = changes.filter(({ userId }) => userId === viewerId).slice(-CHANGES_SHOWN);
  return {
    score: scoreOf(changes, exchanges),
    changes: own.map((change) => ({
      id: change.id,
      title: change.title,
      venue: change.venue,
      startedAt: change.records[0]?.createdAt ?? 0,
      steps: describeSteps(change),
    })),
  };
}

function scoreOf(changes: readonly Change[], exchanges: readonly OpenExchange[]): Score {
  const writes = exchanges.flatMap(({ requests }) => requests.filter(({ kind }) => kind === 'write'));
  const presses = changes.flatMap((change) =>
    confirmsOf(change).map((press) => ({ press, sent: sentBy(press, change) })),
  );
  const first = presses.filter(({ sent }) => sent > 0).length;
  const without = presses.filter(({ press, sent }) => sent === 0 && isOver(press)).length;
  const refusals = writes.filter(({ status }) => typeof status === 'number' && status >= 400 && status < 500).length;
  return {
    presses: presses.length,
    writes: writes.length,
    repeats: writes.length - first,
    refused: without + refusals,
  };
}

const confirmsOf = ({ records }: Change) => records.filter((record) => verbOf(record) === 'confirm');

/** How many writes a press led to: those until the next press of the same card. */
function sentBy(press: InteractionRecord, change: Change): number {
  const next = confirmsOf(change).find(({ createdAt }) => createdAt > press.createdAt)?.createdAt ?? Infinity;
  return change.requests.filter(({ kind, at }) => kind === 'write' && at >= press.createdAt && at < next).length;
}

/** Whether the bot has said how a press ended: more than that it took it. */
const isOver = ({ state, calls }: InteractionRecord) => state === 'failed' || calls.length > 1;
