import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { readSettings, serveParent } from '../processes.ts';
import { repeat } from '../statistics.ts';
import { createPeople, untilCards } from './discord-people.ts';
import { openDiscordServer } from './discord-server.ts';
import type { Timeline } from './watched-requests.ts';

// A program: the loopback Discord in a process of its own, with the people who use the bot.
const settings = readSettings(z.object({ people: z.number(), guilds: z.number() }));
const discord = await openDiscordServer(settings);
const people = createPeople(discord, settings.guilds);
const { watched } = discord;
let nextPerson = 0;
let flowsDone = 0;

/** Everybody in turn, so that nobody has too many open cards. */
function nextCommand(): Timeline {
  const index = nextPerson % settings.people;
  nextPerson += 1;
  return people.start(index, 4);
}

const steady = z.object({ perSecond: z.number(), seconds: z.number() });
const TICK_MS = 2;

async function load(data: unknown): Promise<readonly Timeline[]> {
  const { perSecond, seconds } = steady.parse(data);
  const total = perSecond * seconds;
  const timelines: Timeline[] = [];
  const startedAt = performance.now();
  while (timelines.length < total) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1_000) * perSecond);
    while (timelines.length < due) timelines.push(nextCommand());
    await wait(TICK_MS);
  }
  return timelines;
}

async function burst(data: unknown): Promise<readonly Timeline[]> {
  const { count } = z.object({ count: z.number() }).parse(data);
  return Array.from({ length: count }, nextCommand);
}

/** Runs one of the above to its last card. @returns times in milliseconds since each event was sent */
async function timed(run: Promise<readonly Timeline[]>) {
  const timelines = await run;
  await untilCards(timelines);
  watched.forget();
  return {
    sent: timelines.length,
    acks: timelines.flatMap(({ sentAt, ackAt, ackStatus }) =>
      ackAt === undefined || ackStatus !== 204 ? [] : [ackAt - sentAt],
    ),
    cards: timelines.flatMap(({ sentAt, cardAt }) => (cardAt === undefined ? [] : [cardAt - sentAt])),
  };
}

serveParent({
  api: () => discord.api,
  /** Whole changes, one after the other, in turn by a trader on each venue. */
  flows: async (data) => {
    const { count } = z.object({ count: z.number() }).parse(data);
    const before = { ...watched.totals };
    const flows = [];
    for (const end = flowsDone + count; flowsDone < end; flowsDone += 1) {
      // Never the leverage that the venue holds already.
      flows.push(await people.flow(flowsDone % 2, 2 + ((flowsDone >> 1) % 2)));
    }
    const requests = (watched.totals.requests - before.requests) / count;
    return { flows, requests, bytes: (watched.totals.bytes - before.bytes) / count };
  },
  load: (data) => timed(load(data)),
  burst: (data) => timed(burst(data)),
  /** Everybody uses one command once. */
  meetAll: async (data) => {
    const { concurrency } = z.object({ concurrency: z.number() }).parse(data);
    const answered: Timeline[] = [];
    await repeat(settings.people, concurrency, async () => {
      const timeline = nextCommand();
      await untilCards([timeline]);
      if (timeline.cardAt !== undefined) answered.push(timeline);
    });
    watched.forget();
    return answered.length;
  },
});
