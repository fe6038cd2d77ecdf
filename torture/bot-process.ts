import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type BotSetup,
  fromBotSchema,
  type InnerMoment,
  NOTES_FD,
  type Note,
  noteSchema,
  type ToBot,
} from './bot-messages.ts';
import { edits } from './plants/edits.ts';

/** The bot itself gives Discord half a minute; before and after that a busy machine may take its time. */
const READY_WITHIN_MS = 60_000;
/** Far more than the eight seconds that are allowed, so that what takes longer says by how much. */
const STOP_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 15_000;
/** One that says that it stops itself may come to it only after it was told to go on. */
const RESUME_AGAIN_MS = [0, 250, 1_000, 5_000];

export type Ending = { readonly code: number | null; readonly signal: string | null; readonly tookMs: number };
type Pause = { readonly until: number };
export type Bot = ReturnType<typeof createBot>;

/**
 * The bot in a process of its own, which can be ended kindly or not, and started again on the same database.
 *
 * @param options.onLine - Gets every line that it prints.
 * @param options.onNote - Gets what it notes of itself.
 * @param options.onUnasked - Told when it ended without having been told to.
 */
export function createBot(options: {
  readonly setup: () => BotSetup;
  readonly onLine: (line: string) => void;
  readonly onNote: (note: Note) => void;
  readonly onUnasked: (ending: string) => void;
}) {
  const { setup, onLine, onNote, onUnasked } = options;
  const waiting = new Map<number, (open: number | undefined) => void>();
  const wanted = new WeakSet<ChildProcess>();
  let child: ChildProcess | undefined;
  let webUrl: string | undefined;
  let lastId = 0;
  let starts = 0;
  let kills = 0;
  let pauses = 0;
  /** What happens when the process says that it stopped itself. */
  let onStopped: (() => void) | undefined;
  let pause: Pause | undefined;
  let resumedAt = 0;

  function launch(): ChildProcess {
    const { plant } = setup();
    const isInSource = plant !== undefined && Object.hasOwn(edits, plant);
    const started = fork(new URL('bot.ts', import.meta.url), isInSource ? [plant] : [], {
      execArgv: isInSource ? ['--import', new URL('plants/load.ts', import.meta.url).href] : [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    });
    for (const stream of [started.stdout, started.stderr]) if (stream) createInterface(stream).on('line', onLine);
    const notes = started.stdio[NOTES_FD];
    if (notes instanceof Readable) createInterface(notes).on('line', takeNote);
    started.on('exit', (code, signal) => {
      if (child === started) child = undefined;
      webUrl = undefined;
      pause = undefined;
      onStopped = undefined;
      for (const done of waiting.values()) done(undefined);
      if (!wanted.has(started)) onUnasked(`code ${code}, signal ${signal}`);
    });
    return started;
  }

  function takeNote(line: string): void {
    const note = noteSchema.parse(JSON.parse(line));
    onNote(note);
    if (note.kind !== 'stopped') return;
    onStopped?.();
    onStopped = undefined;
  }

  /** For how long it will not do anything. */
  function stoppedFor(): number {
    return Math.max(0, (pause?.until ?? 0) - performance.now());
  }

  /** Lets the stopped process go on after this time. */
  function hold(stopped: ChildProcess, ms: number): void {
    const own = { until: performance.now() + ms };
    pause = own;
    pauses += 1;
    setTimeout(() => {
      if (pause !== own) return;
      pause = undefined;
      resumedAt = performance.now();
      for (const again of RESUME_AGAIN_MS) setTimeout(() => pause ?? stopped.kill('SIGCONT'), again);
    }, ms);
  }

  /** @returns what went wrong when the bot did not become ready. */
  async function start(): Promise<string | undefined> {
    const started = launch();
    child = started;
    starts += 1;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    started.on('message', (raw) => {
      const message = fromBotSchema.parse(raw);
      if (message.kind === 'done') return waiting.get(message.id)?.(message.open);
      if (message.kind === 'ready') webUrl = message.webUrl;
      else wanted.add(started);
      resolve(message.kind === 'failed' ? message.problem : undefined);
    });
    started.on('exit', () => resolve('it ended before it was ready'));
    const patience = setTimeout(() => resolve(`not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    send(started, { kind: 'start', setup: setup() });
    const problem = await promise;
    clearTimeout(patience);
    return problem;
  }

  function send(to: ChildProcess | undefined, message: ToBot): void {
    if (to?.connected) to.send(message, () => {});
  }

  async function ask(kind: 'tick'): Promise<number | undefined> {
    if (child === undefined) return undefined;
    lastId += 1;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    waiting.set(id, resolve);
    const patience = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS + stoppedFor());
    send(child, { kind, id });
    const open = await promise;
    clearTimeout(patience);
    waiting.delete(id);
    return open;
  }

  return {
    start,
    isUp: () => webUrl !== undefined,
    isPaused: () => pause !== undefined,
    /** Stops the process where it is; it goes on after `ms`. */
    pause(ms: number): boolean {
      if (child === undefined || pause !== undefined) return false;
      child.kill('SIGSTOP');
      hold(child, ms);
      return true;
    },
    /** Has it stop itself at a moment that only it sees. @param onPaused - Called when it did. */
    pauseAt(at: InnerMoment, nth: number, ms: number, onPaused: () => void): void {
      const own = child;
      if (own === undefined) return;
      onStopped = () => {
        hold(own, ms);
        onPaused();
      };
      send(own, { kind: 'stop-at', at, nth });
    },
    webUrl: () => webUrl,
    pid: () => child?.pid,
    starts: () => starts,
    kills: () => kills,
    pauses: () => pauses,
    /** Ends it; a signal it does not obey in time is followed by the one it cannot refuse. One that is stopped has to go on first. */
    async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ending | undefined> {
      const ending = child;
      if (ending === undefined) return undefined;
      wanted.add(ending);
      webUrl = undefined;
      if (signal === 'SIGKILL') kills += 1;
      const startedAt = performance.now();
      const exited = once(ending, 'exit');
      ending.kill(signal);
      const impatience = setTimeout(() => ending.kill('SIGKILL'), STOP_WITHIN_MS + stoppedFor());
      await exited;
      clearTimeout(impatience);
      // What it printed last is still on its way through the pipe.
      await wait(20);
      const { exitCode: code, signalCode } = ending;
      return { code, signal: signalCode, tookMs: performance.now() - Math.max(startedAt, resumedAt) };
    },
    /** Lets it look after what is due. @returns how many proposals have not ended. */
    tick: () => ask('tick'),
  };
}
