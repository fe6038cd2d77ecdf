import { setTimeout as wait } from 'node:timers/promises';
import { type BotSetup, type PlantName, venueNames } from './bot-messages.ts';
import { type Bot, createBot } from './bot-process.ts';
import { CARD_MS, createClient } from './client.ts';
import { linkKeys, readDatabase } from './database.ts';
import { type Desk, openDesk } from './desk.ts';
import { type Breakage, createDisk, type Disk } from './disk.ts';
import { describeEvent, inspectFiles, inspectLine, inspectPages } from './inspect.ts';
import { createKeeper, type Keeper } from './keeper.ts';
import { createLane } from './lane.ts';
import { createLateness } from './lateness.ts';
import type { Pace } from './pace.ts';
import { createPlanner } from './plan.ts';
import { landedMs } from './plan-faults.ts';
import { plants } from './plants/plants.ts';
import { createRandom, type Random } from './random.ts';
import { checkPromises } from './rules/check.ts';
import type { Violation } from './rules/violation.ts';
import type { Trace } from './trace.ts';

export type ShiftOptions = {
  readonly seed: string;
  readonly ops: number;
  /** Operations between two rests; 128 unless told. */
  readonly roundOps?: number;
  readonly users: number;
  readonly pace: Pace;
  readonly plant?: PlantName;
  /** No new round begins after this (real time, milliseconds since the epoch). */
  readonly endBy: number;
  readonly trace: Trace;
};

export type ShiftResult = {
  readonly ops: number;
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
  readonly results: Readonly<Record<string, number>>;
  readonly disk: string;
};

const ROUND_OPS = 128;
const STEP_MS = 31_000;
/** Five minutes of settling, and what comes after it. */
const STEPS = 14;

/** One bot with its traders, from an empty database on: rounds of trouble, each with a rest at whose end all is checked. */
export async function runShift(options: ShiftOptions): Promise<ShiftResult> {
  const { seed, trace } = options;
  const random = createRandom(seed);
  const wanders =
    options.plant === undefined ? random.fork('clock').chance(0.4) : plants[options.plant].focus?.wanders !== undefined;
  const desk = await openDesk({ random: random.fork('accounts'), users: options.users, pace: options.pace, wanders });
  const kind = random.fork('disk').pick(['full', 'read-only'] as const);
  const disk = createDisk(kind);
  try {
    await linkKeys(whereOf(desk, disk), desk.traders);
    return await play({ ...options, desk, disk, random, kind, trace });
  } finally {
    await desk.close();
    disk.remove();
  }
}

type Stage = ShiftOptions & {
  readonly desk: Desk;
  readonly disk: Disk;
  readonly random: Random;
  readonly kind: Breakage;
};

async function play(stage: Stage): Promise<ShiftResult> {
  const { desk, disk, random, kind, ops, trace } = stage;
  const bot = createBot({
    setup: () => setupOf(stage),
    onLine: (line) => inspectLine(desk, line, trace),
    onNote: desk.journal.noted,
    onUnasked: (ending) => desk.violate({ rule: 'clean-process', what: `it ended by itself: ${ending}` }),
  });
  const lateness = createLateness();
  const keeper = createKeeper({ desk, bot, disk, lateness, trace: trace.note });
  const client = createClient(desk, keeper.generation);
  desk.journal.listen((event) => trace.note(describeEvent(event)));
  const way = disk.ways[kind];
  const focus = stage.plant === undefined ? undefined : plants[stage.plant].focus;
  const lanes = desk.traders.flatMap((trader) =>
    venueNames
      .filter((venue) => venue === (focus?.venue ?? venue))
      .map((venue) => {
        const lane = random.fork(`${trader.name}/${venue}`);
        const breakages = way === undefined ? [] : [kind];
        const planner = createPlanner({
          random: lane,
          venue,
          strayUrl: desk.strayUrl,
          breakages,
          wanders: desk.wanders,
          pace: desk.pace,
          ...(focus !== undefined && { focus }),
        });
        return createLane({ desk, keeper, client, trader, venue, planner, trace: trace.note });
      }),
  );
  const results: Record<string, number> = {};
  let done = 0;
  try {
    while (done < ops && desk.violations.length === 0 && Date.now() < stage.endBy) {
      const round = Math.min(stage.roundOps ?? ROUND_OPS, ops - done);
      await keeper.start();
      await Promise.all(
        lanes.map((lane, index) =>
          keeper.whileBusy(async () => {
            for (let turn = index; turn < round; turn += lanes.length) {
              const result = await lane.run();
              results[result] = (results[result] ?? 0) + 1;
            }
          }),
        ),
      );
      done += round;
      await settle({ desk, keeper, bot, random: random.fork(`settle/${done}`), trace });
      inspectFiles(desk, disk.directory);
      const contents = await readDatabase(whereOf(desk, disk), desk.traders);
      for (const violation of checkPromises(desk, contents)) desk.violate(violation);
    }
  } finally {
    keeper.mendDisk();
    lateness.stop();
    await bot.end('SIGKILL');
  }
  return {
    ops: done,
    violations: desk.violations,
    results,
    disk: way ?? `not here: ${kind}`,
    counts: count(desk, bot, keeper),
  };
}

/** Takes every trouble away, lets the time pass that settling may take, and ends the bot kindly. */
async function settle(parts: {
  readonly desk: Desk;
  readonly keeper: Keeper;
  readonly bot: Bot;
  readonly random: Random;
  readonly trace: Trace;
}): Promise<void> {
  const { desk, keeper, bot, random, trace } = parts;
  keeper.mendDisk();
  for (const venue of venueNames) {
    desk.simulators[venue].faults.clear();
    desk.refuseConnections(venue, false);
  }
  for (const route of ['callback', 'edit', 'followUp'] as const) desk.discord.faults[route].set('ok');
  // Otherwise a write may land after it was called not applied for good, which is the honest limit of reading back.
  if (random.chance(0.5)) await wait(landedMs(desk.pace));
  await keeper.settled();
  if (desk.wanders) keeper.skew(0);
  if (!bot.isUp()) await keeper.start();
  let open: number | undefined = -1;
  for (let step = 0; step < STEPS && open !== 0; step += 1) {
    keeper.forward(STEP_MS);
    open = await bot.tick();
  }
  trace.note(`at rest with ${open} open cards`);
  await inspectPages(desk, bot.webUrl());
  await keeper.stop();
}

function setupOf({ desk, disk, plant }: Stage): BotSetup {
  const { secrets, masterKey, discordApi, venueUrls, clockFile, pace } = desk;
  const variables = {
    DISCORD_TOKEN: secrets.botToken,
    DISCORD_CLIENT_SECRET: secrets.clientSecret,
    MASTER_KEYS: `${masterKey.id}:${secrets.masterKey}`,
    DATA_DIR: disk.directory,
    ALLOWED_USERS: desk.traders.map(({ id }) => id).join(','),
    METRICS_TOKEN: secrets.metricsToken,
    VENUES: venueNames.join(','),
    WEB_PORT: '0',
    CARD_SECONDS: String(CARD_MS / 1_000),
    MUDREX_LIMITS: '100000/1s',
    KRAKEN_LIMITS: '1000000/10s',
    KRAKEN_UNIFIED_LIMITS: '1000000/30s',
    LOG_LEVEL: 'debug',
  };
  const common = { variables, discordApi, venueUrls, deadlines: pace.deadlines, clockFile };
  return plant === undefined ? common : { ...common, plant };
}

function whereOf({ masterKey, clock }: Desk, { directory }: Disk) {
  return { directory, masterKey, now: clock.now };
}

function count({ journal }: Desk, bot: Bot, keeper: Keeper): Readonly<Record<string, number>> {
  return {
    presses: journal.presses.size,
    'writes sent': journal.attempts.length,
    'writes carried out': journal.changes.filter(({ by }) => by === 'write').length,
    messages: journal.said.length,
    'bot starts': bot.starts(),
    'kill -9': bot.kills(),
    pauses: bot.pauses(),
    'clock jumps': keeper.jumps(),
    'clock steps': keeper.steps(),
    'disk failures': keeper.breakages(),
  };
}
