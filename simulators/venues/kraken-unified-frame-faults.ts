import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Execution } from './call.ts';
import type { Fault } from './faults.ts';
import { type Frame, type Reply, rejected } from './kraken-unified-frames.ts';
import type { Outcome } from './kraken-unified-requests.ts';
import { rateLimitText, serverErrorText } from './kraken-unified-rest.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';

/** A frame that a fault strikes, and what can be done about it. */
export type Scene = {
  readonly world: UnifiedWorld;
  readonly frame: Frame;
  /** Carries it out and tells other connections, but answers nothing. */
  readonly perform: (execution: Execution) => Outcome;
  /** Answers as if nothing were wrong. */
  readonly finish: (outcome: Outcome) => void;
  /** For the log. */
  readonly answered: (isSuccess: boolean) => void;
  readonly line: {
    readonly socket: WebSocket;
    readonly write: (text: string) => void;
    /** Lets nothing else out while a message is sent in fragments. */
    readonly hold: (send: () => Promise<void>) => Promise<void>;
  };
  /** Aborted when the server closes or hangs are released. */
  readonly signal: AbortSignal;
};

const htmlPage = '<!doctype html><html><body><h1>Bad gateway</h1></body></html>';

const maintenance = JSON.stringify({
  ...{ channel: 'status', type: 'update', data: [{ system: 'maintenance', api_version: 'v2' }] },
});

/** Lets a fault strike one frame. */
export async function strikeFrame(fault: Fault, scene: Scene): Promise<void> {
  if (fault.name === 'delay') {
    // It lands even when the client has gone: silence is not proof that nothing happened.
    const isOver = await wait(fault.ms, false, { signal: scene.signal }).catch(() => true);
    return isOver ? undefined : scene.finish(scene.perform('normal'));
  }
  if (endsWithoutAnswer(fault, scene)) return undefined;
  const instead = answerInstead(fault, scene);
  if (instead !== undefined) return scene.finish(instead);
  return spoil(fault, scene);
}

/** A connection that breaks ends without a close frame, which a client sees as 1006. */
function endsWithoutAnswer(fault: Fault, { perform, line: { socket, write } }: Scene): boolean {
  switch (fault.name) {
    case 'hang':
      return true;
    case 'apply-then-hang':
      perform('normal');
      return true;
    case 'reset':
      socket.terminate();
      return true;
    case 'apply-then-reset':
      perform('normal');
      socket.terminate();
      return true;
    case 'close':
      if (fault.applied) perform('normal');
      socket.close(fault.code);
      return true;
    case 'redirect':
      // A socket that is open can only be sent away: 1012, "service restart", asks to come back.
      socket.close(1012);
      return true;
    case 'maintenance':
      write(maintenance);
      socket.close(1012, 'maintenance');
      return true;
    default:
      return false;
  }
}

/** Faults that replace the answer. */
function answerInstead(fault: Fault, { perform, frame, world }: Scene): Outcome | undefined {
  const only = (error: string): Outcome => ({ replies: [rejected(frame, error)], after: [] });
  switch (fault.name) {
    case 'rate-limited':
      return only(rateLimitText(frame.at, fault.retryAfterSeconds));
    case 'server-error':
      if (fault.page === 'html') return undefined;
      if (fault.applied) perform('normal');
      return only(serverErrorText(fault.status));
    case 'refused':
      if (fault.applied) perform('normal');
      return only(fault.error ?? fault.text ?? 'EGeneral:Internal error');
    case 'no-effect':
      return perform('no-effect');
    case 'lagging-read-back':
      return perform('old value');
    case 'flaky-read-back':
      return fault.shows === 'error' ? only('EService:Unavailable') : perform('old value');
    case 'stale-token': {
      const { token } = world.tokens.find(frame.params.token, frame.at);
      if (token !== undefined) token.isRevoked = true;
      return perform('normal');
    }
    case 'doubled': {
      const outcome = perform('normal');
      return { ...outcome, replies: outcome.replies.flatMap((reply) => [reply, reply]) };
    }
    case 'foreign-id': {
      const outcome = perform(fault.applied ? 'normal' : 'no-effect');
      return { ...outcome, replies: outcome.replies.map((reply) => withOtherId(reply, fault.id)) };
    }
    default:
      return undefined;
  }
}

/** What an answer looks like that belongs to another request, to none, or to one that asked with a text. */
function withOtherId(reply: Reply, id: 'another' | 'none' | 'text'): Reply {
  const { req_id: own = 0, ...rest } = reply;
  if (id === 'none') return rest;
  return { ...rest, req_id: id === 'text' ? String(own) : Number(own) + 1_000_000 };
}

/** Faults that spoil the text of an answer; the frame was carried out, unless the fault says otherwise. */
async function spoil(fault: Fault, { perform, answered, line, signal }: Scene): Promise<void> {
  const outcome = perform('applied' in fault && !fault.applied ? 'no-effect' : 'normal');
  const text = outcome.replies.map((reply) => JSON.stringify(reply)).join('');
  const pace = { signal, hold: line.hold, socket: line.socket };
  switch (fault.name) {
    case 'server-error':
      line.write(htmlPage);
      break;
    case 'broken-json':
      line.write(text.slice(0, Math.ceil(text.length / 2)));
      break;
    case 'wrong-shape':
      line.write(JSON.stringify(fault.body ?? { ok: true }));
      break;
    case 'empty':
      line.write('');
      break;
    case 'no-content':
      line.write(JSON.stringify({ ...outcome.replies[0], success: undefined, result: undefined }));
      break;
    case 'huge-body':
      line.write(`${' '.repeat(fault.bytes)}${text}`);
      break;
    case 'slow-headers':
      await sendAfterHeartbeats(text, { ...fault, write: line.write, signal });
      break;
    case 'slow-body':
      await sendInFragments(text, { ...pace, everyMs: fault.everyMs, isCut: false });
      break;
    case 'cut-body':
      await sendInFragments(text, { ...pace, everyMs: 0, isCut: true });
      break;
    default:
      throw new Error(`The fault ${fault.name} has no effect`);
  }
  answered(true);
}

type Drip = {
  readonly everyMs: number;
  readonly signal: AbortSignal;
};

/** There are no headers here: the line is busy with something else until the answer comes. */
async function sendAfterHeartbeats(
  text: string,
  { ms, everyMs, write, signal }: Drip & { readonly ms: number; readonly write: (text: string) => void },
): Promise<void> {
  const beats = Math.max(1, Math.floor(ms / Math.max(1, everyMs)));
  for (let beat = 0; beat < beats; beat += 1) {
    write('{"channel":"heartbeat"}');
    const isOver = await wait(everyMs, false, { signal }).catch(() => true);
    if (isOver) return;
  }
  write(text);
}

/** One message in many frames, which is good WebSocket; cut, it lacks its end and the connection breaks. */
async function sendInFragments(
  text: string,
  { everyMs, signal, socket, hold, isCut }: Drip & Pick<Scene['line'], 'socket' | 'hold'> & { readonly isCut: boolean },
): Promise<void> {
  const pieces = text.match(/.{1,16}/gs) ?? [];
  const shown = isCut ? pieces.slice(0, Math.ceil(pieces.length / 2)) : pieces;
  await hold(async () => {
    for (const [index, piece] of shown.entries()) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(piece, { fin: !isCut && index === pieces.length - 1 });
      const isOver = await wait(everyMs, false, { signal }).catch(() => true);
      if (isOver) return;
    }
  });
  if (isCut) socket.terminate();
}
