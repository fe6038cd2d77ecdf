import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Child, ChildEnded, ChildSilent, type Ending, openChild } from '../simulators/child.ts';
import { type BotSetup, type InnerMoment, type Note, noteSchema } from './bot-messages.ts';
import { edits } from './plants/edits.ts';

/** The bot itself gives Discord half a minute; before and after that a busy machine may take its time. */
const READY_WITHIN_MS = 60_000;
/** Far more than the eight seconds that are allowed, so that what takes longer says by how much. */
const STOP_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 15_000;
/** One that says that it stops itself may come to it only after it was told to go on. */
const RESUME_AGAIN_MS = [0, 250, 1_000, 5_000];

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
  const wanted = new WeakSet<Child>();
  let child: Child | undefined;
  let webUrl: string | undefined;
  let starts = 0;
  let kills = 0;
  let pauses = 0;
  /** What happens when the process says that it stopped itself. */
  let onStopped: (() => void) | undefined;
  let pause: Pause | undefined;
  let resumedAt = 0;

  function launch(): Child {
    const { plant } = setup();
    const isInSource = plant !== undefined && Object.hasOwn(edits, plant);
    const started = openChild(new URL('bot.ts', import.meta.url), {
      args: isInSource ? [plant] : [],
      flags: isInSource ? ['--import', new URL('plants/load.ts', import.meta.url).href] : [],
      onLine,
      onNote: takeNote,
    });
    void started.ended.then(({ code, signal }) => {
      if (child === started) child = undefined;
      webUrl = undefined;
      pause = undefined;
      onStopped = undefined;
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
  function hold(stopped: Child, ms: number): void {
    const own = { until: performance.now() + ms };
    pause = own;
    pauses += 1;
    setTimeout(() => {
      if (pause !== own) return;
      pause = undefined;
      resumedAt = performance.now();
      for (const again of RESUME_AGAIN_MS) setTimeout(() => pause ?? stopped.signal('SIGCONT'), again);
    }, ms);
  }

  /** @returns what went wrong when the bot did not become ready. */
  async function start(): Promise<string | undefined> {
    const started = launch();
    child = started;
    starts += 1;
    try {
      webUrl = await started.ask('start', setup(), z.string(), READY_WITHIN_MS);
      return undefined;
    } catch (error) {
      if (error instanceof ChildEnded) return 'it ended before it was ready';
      if (!(error instanceof ChildSilent)) wanted.add(started);
      return error instanceof Error ? error.message : String(error);
    }
  }

  return {
    start,
    isUp: () => webUrl !== undefined,
    isPaused: () => pause !== undefined,
    /** Stops the process where it is; it goes on after `ms`. */
    pause(ms: number): boolean {
      if (child === undefined || pause !== undefined) return false;
      child.signal('SIGSTOP');
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
      void own.ask('stopAt', { at, nth }, z.undefined()).catch(unlessGone);
    },
    webUrl: () => webUrl,
    pid: () => child?.pid,
    starts: () => starts,
    kills: () => kills,
    pauses: () => pauses,
    /** Ends it; a signal it does not obey in time is followed by the one it cannot refuse. One that is stopped has to go on first. */
    async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<(Ending & { readonly tookMs: number }) | undefined> {
      const ending = child;
      if (ending === undefined) return undefined;
      wanted.add(ending);
      webUrl = undefined;
      if (signal === 'SIGKILL') kills += 1;
      const startedAt = performance.now();
      const ended = await ending.kill(signal, STOP_WITHIN_MS + stoppedFor());
      // What it printed last is still on its way through the pipe.
      await wait(20);
      return { ...ended, tookMs: performance.now() - Math.max(startedAt, resumedAt) };
    },
    /** Lets it look after what is due. @returns how many proposals have not ended; one that is killed or stopped cannot say. */
    tick: async () => child?.ask('tick', {}, z.int(), ANSWER_WITHIN_MS + stoppedFor()).catch(unlessGone),
  };
}

/** One that is killed or stopped on purpose has a reason not to answer. */
function unlessGone(error: unknown): undefined {
  if (error instanceof ChildEnded || error instanceof ChildSilent) return undefined;
  throw error;
}
