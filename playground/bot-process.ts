import { z } from 'zod';
import { type Child, ChildEnded, openChild } from '../simulators/child.ts';
import type { BotSetup } from './bot-messages.ts';

const KEPT_LINES = 200;
const STOP_WITHIN_MS = 10_000;
const TICK_WITHIN_MS = 10_000;

type BotState = 'starting' | 'ready' | 'stopped' | 'failed';
export type BotProcess = ReturnType<typeof createBotProcess>;

/** The bot in a process of its own, which can be ended kindly or not, and started again on the same data. */
export function createBotProcess(options: {
  readonly setup: () => Omit<BotSetup, 'offsetMs'>;
  readonly offsetMs: () => number;
  readonly changed: () => void;
}) {
  const { setup, offsetMs, changed } = options;
  const lines: string[] = [];
  let child: Child | undefined;
  /** Resolves once the last process is gone, and what it left is noted. */
  let gone = Promise.resolve();
  let state: BotState = 'stopped';
  let problem: string | undefined;
  let starts = 0;

  function become(next: BotState): void {
    state = next;
    changed();
  }

  function keep(line: string): void {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  }

  async function watch(started: Child): Promise<void> {
    const { code } = await started.ended;
    if (child === started) child = undefined;
    if (code !== 0 && code !== null) problem ??= `the bot ended with code ${code}`;
    become(problem === undefined ? 'stopped' : 'failed');
  }

  async function start(): Promise<void> {
    if (child !== undefined) return;
    const started = openChild(new URL('bot.ts', import.meta.url), { onLine: keep });
    child = started;
    starts += 1;
    problem = undefined;
    become('starting');
    gone = watch(started);
    try {
      await started.ask('start', { ...setup(), offsetMs: offsetMs() }, z.undefined());
      become('ready');
    } catch (error) {
      if (error instanceof ChildEnded) return gone;
      problem = error instanceof Error ? error.message : String(error);
    }
  }

  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await child?.kill(signal, STOP_WITHIN_MS);
    await gone;
  }

  return {
    start,
    stop,
    /** A real restart of the process on the same database; `SIGKILL` gives it no time to put anything in order. */
    async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
      await stop(signal);
      await start();
    },
    /** Tells the bot the new time and lets it look after what is due, if it is there to hear it. */
    async moveClock(): Promise<void> {
      await child?.ask('clock', { offsetMs: offsetMs() }, z.undefined(), TICK_WITHIN_MS).catch(() => {});
    },
    state: () => state,
    problem: () => problem,
    starts: () => starts,
    /** The last lines of its log, oldest first. */
    lines: (): readonly string[] => lines,
  };
}
