import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type BotSetup, fromBotSchema, type ToBot } from './bot-messages.ts';

const KEPT_LINES = 200;
const STOP_WITHIN_MS = 10_000;
const TICK_WITHIN_MS = 10_000;

export type BotState = 'starting' | 'ready' | 'stopped' | 'failed';
export type BotProcess = ReturnType<typeof createBotProcess>;

/** The bot in a process of its own, which can be ended kindly or not, and started again on the same data. */
export function createBotProcess(options: {
  readonly setup: () => Omit<BotSetup, 'offsetMs'>;
  readonly offsetMs: () => number;
  readonly changed: () => void;
}) {
  const { setup, offsetMs, changed } = options;
  const lines: string[] = [];
  const waiting = new Map<number, () => void>();
  let child: ChildProcess | undefined;
  let state: BotState = 'stopped';
  let problem: string | undefined;
  let starts = 0;
  let lastId = 0;

  function become(next: BotState): void {
    state = next;
    changed();
  }

  function keep(line: string): void {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  }

  function send(message: ToBot): void {
    // A process that is just ending may have closed the channel already.
    if (child?.connected) child.send(message, () => {});
  }

  async function start(): Promise<void> {
    if (child !== undefined) return;
    const started = fork(new URL('bot.ts', import.meta.url), {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = started;
    starts += 1;
    problem = undefined;
    become('starting');
    for (const stream of [started.stdout, started.stderr]) if (stream) createInterface(stream).on('line', keep);
    const settled = Promise.withResolvers<void>();
    started.on('message', (raw) => {
      const message = fromBotSchema.parse(raw);
      if (message.kind === 'clock-moved') return waiting.get(message.id)?.();
      if (message.kind === 'failed') problem = message.problem;
      if (message.kind === 'ready') become('ready');
      settled.resolve();
    });
    started.on('exit', (code) => {
      if (child === started) child = undefined;
      for (const done of waiting.values()) done();
      if (code !== 0 && code !== null) problem ??= `the bot ended with code ${code}`;
      become(problem === undefined ? 'stopped' : 'failed');
      settled.resolve();
    });
    send({ kind: 'start', setup: { ...setup(), offsetMs: offsetMs() } });
    await settled.promise;
  }

  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const ending = child;
    if (ending === undefined) return;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    const impatience = setTimeout(() => ending.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(impatience);
  }

  return {
    start,
    stop,
    /** A real restart of the process on the same database; `SIGKILL` gives it no time to put anything in order. */
    async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
      await stop(signal);
      await start();
    },
    /** Tells the bot the new time and lets it look after what is due. */
    async moveClock(): Promise<void> {
      if (child === undefined) return;
      lastId += 1;
      const id = lastId;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(id, resolve);
      const patience = setTimeout(resolve, TICK_WITHIN_MS);
      send({ kind: 'clock', offsetMs: offsetMs(), id });
      await promise;
      clearTimeout(patience);
      waiting.delete(id);
    },
    state: () => state,
    problem: () => problem,
    starts: () => starts,
    /** The last lines of its log, oldest first. */
    lines: (): readonly string[] => lines,
  };
}
