import { setTimeout as wait } from 'node:timers/promises';
import type { Bot } from './bot-process.ts';
import type { Desk } from './desk.ts';
import type { Breakage, Disk } from './disk.ts';
import type { Lateness } from './lateness.ts';
import { isInner, type Pause } from './plan.ts';

const STARTS_TRIED = 25;
/** Eight seconds, and something for closing; what the machine is late by comes on top. */
const ENDS_WITHIN_MS = 9_500;

/** The bot gives Discord half a minute; who is that late on a machine that is busy otherwise may need more. */
const STARVED_MS = 5_000;

type Parked = { readonly target: number; readonly isResting: boolean; readonly wake: () => void };

export type Keeper = ReturnType<typeof createKeeper>;

/** Keeps a bot running through everything that is done to it, and moves the time for it and everybody else. */
export function createKeeper(options: {
  readonly desk: Pick<Desk, 'clock' | 'journal' | 'pace' | 'violate'>;
  readonly bot: Pick<Bot, 'start' | 'end' | 'isUp' | 'isPaused' | 'pause' | 'pauseAt' | 'pid' | 'tick'>;
  readonly disk: Pick<Disk, 'break'>;
  readonly lateness: Pick<Lateness, 'sumMs'>;
  readonly trace: (text: string) => void;
}) {
  const { desk, bot, disk, lateness, trace } = options;
  const parked: Parked[] = [];
  let busy = 0;
  let restarting: Promise<void> | undefined;
  let mend: (() => void) | undefined;
  let breakages = 0;
  /** Grows whenever the disk may have begun or ceased to fail: a look at one moment misses what was mended before it. */
  let diskTurns = 0;
  let generation = 0;
  let jumps = 0;
  let steps = 0;

  async function raise(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const wasBroken = mend !== undefined;
      const before = diskTurns;
      const lateBefore = lateness.sumMs();
      const problem = await bot.start();
      generation += 1;
      if (problem === undefined) return;
      const isStarved = lateness.sumMs() - lateBefore > STARVED_MS;
      const isExcused = wasBroken || diskTurns !== before || isStarved;
      trace(`the bot did not start: ${problem}`);
      if (!isExcused) desk.violate({ rule: 'clean-process', what: `it did not start: ${problem}` });
      if (tries === STARTS_TRIED) throw new Error(`the bot does not start any more: ${problem}`);
      await bot.end('SIGKILL');
      await wait(200);
    }
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const from = desk.journal.seq();
    const lateBefore = lateness.sumMs();
    const ending = await bot.end(signal);
    generation += 1;
    if (ending === undefined) return;
    desk.journal.ended({ signal, from, to: desk.journal.seq() });
    const { code, tookMs } = ending;
    trace(`${signal}: ended with ${code ?? ending.signal} after ${Math.round(tookMs)} ms`);
    if (signal === 'SIGTERM' && code !== 0) {
      desk.violate({
        rule: 'clean-process',
        what: `SIGTERM ended it with ${code ?? ending.signal} after ${tookMs} ms`,
      });
    }
    if (signal === 'SIGTERM' && tookMs > ENDS_WITHIN_MS + lateness.sumMs() - lateBefore) {
      desk.violate({ rule: 'clean-process', what: `SIGTERM took ${Math.round(tookMs)} ms` });
    }
  }

  function forward(ms: number): void {
    desk.clock.set(desk.clock.offsetMs() + ms);
    jumps += 1;
  }

  /** Sets the clock of the bot's host wrong, or right again; nobody else's. */
  function skew(ms: number): void {
    desk.clock.setSkew(ms);
    steps += 1;
  }

  /** Time jumps once everybody else is done or waits for it as well: a jump ends whatever is under way. */
  async function wakeParked(): Promise<void> {
    if (parked.length === 0 || parked.length < busy) return;
    // Those who rest come last: the look that they wait for takes the buttons off every expired card.
    const order = (a: Parked, b: Parked) => Number(a.isResting) - Number(b.isResting) || a.target - b.target;
    for (const { target, isResting, wake } of parked.splice(0).sort(order)) {
      forward(target - desk.clock.now());
      if (isResting) await bot.tick();
      wake();
      await wait(5);
    }
  }

  /** Ends the bot and starts it again; does nothing while that is under way already. */
  function crash(signal: 'SIGTERM' | 'SIGKILL', downMs: number): boolean {
    if (restarting !== undefined || !bot.isUp()) return false;
    restarting = end(signal)
      .then(() => wait(downMs))
      .then(raise)
      .finally(() => {
        restarting = undefined;
      });
    return true;
  }

  function park(target: number, isResting: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    parked.push({ target, isResting, wake: resolve });
    void wakeParked();
    return promise;
  }

  return {
    start: raise,
    stop: () => end('SIGTERM'),
    /** Whether it makes sense to begin something; what is under way when that ends is trouble enough. */
    isWell: () => bot.isUp() && !bot.isPaused() && mend === undefined,
    generation: () => generation,
    jumps: () => jumps,
    /** How often the clock of the bot's host was set. */
    steps: () => steps,
    forward,
    skew,
    /** Waits, with others who want the same, until it is that late. */
    until: (target: number) => park(target, false),
    /** Waits until the bot has looked again after what is not settled. */
    rest: (ms: number) => park(desk.clock.now() + ms, true),
    /** Counts somebody among those for whom the time has to wait. */
    async whileBusy<T>(work: () => Promise<T>): Promise<T> {
      busy += 1;
      try {
        return await work();
      } finally {
        busy -= 1;
        void wakeParked();
      }
    },
    crash,
    /** Stops the bot for a while: now, or when it comes to a moment that only it sees. */
    pause({ at, nth, ms, isKilled, skewMs }: Pause): void {
      if (!bot.isUp()) return;
      const stopMs = desk.pace.stopMs(ms);
      const onPaused = (): void => {
        trace(`stopped at ${at} for ${ms} ms`);
        if (ms > stopMs) forward(ms - stopMs);
        if (skewMs !== undefined) skew(skewMs);
        if (isKilled) crash('SIGKILL', 0);
      };
      if (isInner(at)) bot.pauseAt(at, nth, stopMs, onPaused);
      else if (bot.pause(stopMs)) onPaused();
    },
    settled: async (): Promise<void> => {
      await restarting;
      while (bot.isPaused()) await wait(50);
    },
    breakDisk(breakage: Breakage, ms: number): boolean {
      const pid = bot.pid();
      if (mend !== undefined || pid === undefined) return false;
      // What cannot be broken as a whole may have been for a moment.
      diskTurns += 1;
      mend = disk.break(breakage, pid);
      if (mend === undefined) return false;
      breakages += 1;
      void wait(ms).then(mendDisk);
      return true;
    },
    mendDisk,
    breakages: () => breakages,
  };

  function mendDisk(): void {
    if (mend === undefined) return;
    diskTurns += 1;
    mend();
    mend = undefined;
  }
}
