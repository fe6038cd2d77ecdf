import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { type BotSetup, fromBotSchema, type ToBot } from './bot-messages.ts';
import { edits } from './plants/edits.ts';

/** The bot itself gives Discord half a minute. */
const READY_WITHIN_MS = 45_000;
/** Far more than the eight seconds that are allowed, so that what takes longer says by how much. */
const STOP_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 15_000;

export type Ending = { readonly code: number | null; readonly signal: string | null; readonly tookMs: number };
export type Bot = ReturnType<typeof createBot>;

/**
 * The bot in a process of its own, which can be ended kindly or not, and started again on the same database.
 *
 * @param options.onLine - Gets every line that it prints.
 * @param options.onUnasked - Told when it ended without having been told to.
 */
export function createBot(options: {
  readonly setup: () => BotSetup;
  readonly onLine: (line: string) => void;
  readonly onUnasked: (ending: string) => void;
}) {
  const { setup, onLine, onUnasked } = options;
  const waiting = new Map<number, (open: number | undefined) => void>();
  const wanted = new WeakSet<ChildProcess>();
  let child: ChildProcess | undefined;
  let webUrl: string | undefined;
  let lastId = 0;
  let starts = 0;
  let kills = 0;

  function launch(): ChildProcess {
    const { plant } = setup();
    const isInSource = plant !== undefined && Object.hasOwn(edits, plant);
    const started = fork(new URL('bot.ts', import.meta.url), isInSource ? [plant] : [], {
      execArgv: isInSource ? ['--import', new URL('plants/load.ts', import.meta.url).href] : [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [started.stdout, started.stderr]) if (stream) createInterface(stream).on('line', onLine);
    started.on('exit', (code, signal) => {
      if (child === started) child = undefined;
      webUrl = undefined;
      for (const done of waiting.values()) done(undefined);
      if (!wanted.has(started)) onUnasked(`code ${code}, signal ${signal}`);
    });
    return started;
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

  async function ask(
    message: { kind: 'clock'; offsetMs: number; skewMs: number } | { kind: 'tick' },
  ): Promise<number | undefined> {
    if (child === undefined) return undefined;
    lastId += 1;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    waiting.set(id, resolve);
    const patience = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS);
    send(child, { ...message, id });
    const open = await promise;
    clearTimeout(patience);
    waiting.delete(id);
    return open;
  }

  return {
    start,
    isUp: () => webUrl !== undefined,
    webUrl: () => webUrl,
    pid: () => child?.pid,
    starts: () => starts,
    kills: () => kills,
    /** Ends it; a signal it does not obey in time is followed by the one it cannot refuse. */
    async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ending | undefined> {
      const ending = child;
      if (ending === undefined) return undefined;
      wanted.add(ending);
      webUrl = undefined;
      if (signal === 'SIGKILL') kills += 1;
      const startedAt = performance.now();
      const exited = once(ending, 'exit');
      ending.kill(signal);
      const impatience = setTimeout(() => ending.kill('SIGKILL'), STOP_WITHIN_MS);
      await exited;
      clearTimeout(impatience);
      // What it printed last is still on its way through the pipe.
      await wait(20);
      const { exitCode: code, signalCode } = ending;
      return { code, signal: signalCode, tookMs: performance.now() - startedAt };
    },
    moveClock: (offsetMs: number, skewMs: number) => ask({ kind: 'clock', offsetMs, skewMs }),
    /** Lets it look after what is due. @returns how many proposals have not ended. */
    tick: () => ask({ kind: 'tick' }),
  };
}
