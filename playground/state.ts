import { z } from 'zod';
import type { LoopbackDiscord } from '../simulators/discord/loopback-discord.ts';
import { type DemoCredential, type OpenExchange, urlAt } from '../simulators/venues/index.ts';
import type { BotProcess } from './bot-process.ts';
import type { Clock } from './clock.ts';
import type { Operator } from './operator.ts';
import { demoPeople, everybody } from './people.ts';
import { armedAtDiscord, knobOf } from './trouble.ts';

const REQUESTS_SHOWN = 100;

const setting = z.object({
  market: z.string(),
  mode: z.literal('isolated'),
  /** Decimal text; 5 means 5x. */
  leverage: z.string(),
  /** Mudrex keeps one setting for each margin currency. */
  currency: z.string().optional(),
});

const position = z.object({
  market: z.string(),
  side: z.string(),
  size: z.string(),
  entryPrice: z.string(),
  leverage: z.string().optional(),
});

const account = z.object({
  /** Writes that the exchange has carried out for this person. */
  writeCount: z.int(),
  /** Requests and frames of this person that asked for a change, carried out or not. */
  writesReceived: z.int(),
  /** Kraken lists isolated markets only: a market that is absent is in cross margin. At Mudrex it was never set. */
  settings: z.array(setting),
  positions: z.array(position),
  /** Ids of the levers that are turned for this person, or for everybody. */
  levers: z.array(z.string()),
});

const request = z.object({
  at: z.number(),
  method: z.string(),
  /** Path and query, secrets masked. */
  url: z.string(),
  kind: z.enum(['read', 'write']),
  /** Whose key signed it. */
  userId: z.string().optional(),
  /** `none` while no answer was sent: waiting, hanging, or reset. */
  status: z.union([z.int(), z.literal('none')]),
  /** The trouble that struck it. */
  fault: z.string().optional(),
});

const venue = z.object({
  label: z.string(),
  /** Where a client sends its requests. */
  url: z.string(),
  /** Where it opens its sockets, if the exchange has any. */
  socketUrl: z.string().optional(),
  writeCount: z.int(),
  writesReceived: z.int(),
  /** By user id. */
  accounts: z.record(z.string(), account),
  /** The last hundred, oldest first. */
  requests: z.array(request),
  markets: z.array(z.object({ symbol: z.string(), max: z.string() })),
  /** Trouble that waits for a call. */
  faults: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      on: z.string(),
      left: z.union([z.int(), z.literal('forever')]),
      /** The knob of the page, and its name there. */
      knob: z.string(),
      title: z.string(),
    }),
  ),
});

/** The shape of `GET /api/state`. Fields may be added; none is renamed or removed within a version. */
export const playgroundStateSchema = z.object({
  version: z.literal(1),
  /** Whether the bot is connected and takes commands; the same as status 200 of `/healthz`. */
  ready: z.boolean(),
  bot: z.object({
    state: z.enum(['starting', 'ready', 'stopped', 'failed']),
    /** Why it failed. */
    problem: z.string().optional(),
    /** How often it was started, the first time included. */
    starts: z.int(),
    /** Where its own pages are. */
    webUrl: z.string(),
  }),
  clock: z.object({
    /** Milliseconds since the epoch, as the bot, its store, Discord and the exchanges see them. */
    now: z.number(),
    /** How far the clock was moved forward, in milliseconds. */
    offsetMs: z.number(),
  }),
  /** How often everything was put back to its beginning. */
  resets: z.int(),
  /** What the operator of the bot has set. */
  operator: z.object({
    isHalted: z.boolean(),
    /** Decimal text; absent where only the exchanges have a maximum. */
    maxLeverage: z.string().optional(),
  }),
  /** Trouble at Discord that waits for something to strike. */
  discordFaults: z.array(z.object({ id: z.string(), left: z.int() })),
  discordApi: z.string(),
  users: z.array(z.object({ id: z.string(), name: z.string(), role: z.string() })),
  credentials: z.array(
    z.object({
      venue: z.string(),
      /** Absent for a key that the exchange does not know. */
      userId: z.string().optional(),
      label: z.string(),
      expect: z.string(),
      key: z.string().optional(),
      secret: z.string(),
    }),
  ),
  /** By venue id. */
  venues: z.record(z.string(), venue),
});

/** What `GET /api/state` answers: a stable view of the whole playground for tests and other programs. */
export type PlaygroundState = z.infer<typeof playgroundStateSchema>;

export type StateParts = {
  readonly origin: () => string;
  readonly webUrl: () => string;
  readonly bot: BotProcess;
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly discord: LoopbackDiscord;
  readonly resets: () => number;
  readonly operator: Operator;
  readonly exchanges: readonly OpenExchange[];
  readonly credentials: readonly DemoCredential[];
};

export function describeState(parts: StateParts): PlaygroundState {
  const { origin, webUrl, bot, isReady, clock, exchanges, credentials, discord, resets, operator } = parts;
  const problem = bot.problem();
  return {
    version: 1,
    ready: isReady(),
    bot: { state: bot.state(), starts: bot.starts(), webUrl: webUrl(), ...(problem === undefined ? {} : { problem }) },
    clock: { now: clock.now(), offsetMs: clock.offsetMs() },
    resets: resets(),
    operator: operator.settings(),
    discordFaults: [...armedAtDiscord(discord)],
    discordApi: `${origin()}/discord/api`,
    users: everybody.map(({ id, globalName, role }) => ({ id, name: globalName, role })),
    credentials: credentials.map(describeCredential),
    venues: Object.fromEntries(exchanges.map((exchange) => [exchange.id, describeExchange(exchange, origin())])),
  };
}

function describeCredential({ venue, person, label, expect, key, secret }: DemoCredential) {
  const owner = person === 'nobody' ? {} : { userId: demoPeople[person].id };
  return { venue, ...owner, label, expect, ...(key === undefined ? {} : { key }), secret };
}

function describeExchange(exchange: OpenExchange, origin: string): PlaygroundState['venues'][string] {
  const { facts, requests, faults } = exchange;
  const accounts = everybody.map(({ id }) => [id, describeAccount(exchange, id)] as const);
  const url = urlAt(origin, exchange);
  return {
    label: facts.label,
    ...(typeof url === 'string' ? { url } : { url: url.rest, socketUrl: url.socket }),
    writeCount: exchange.writeCount(),
    writesReceived: exchange.writesReceived(),
    accounts: Object.fromEntries(accounts),
    requests: requests.slice(-REQUESTS_SHOWN).map(describeRequest),
    markets: [...exchange.markets()],
    faults: faults.active().map(({ id, fault, left }) => {
      const { id: knob, title } = knobOf(fault);
      return { id, name: fault.name, on: fault.on, left, knob, title };
    }),
  };
}

function describeAccount(exchange: OpenExchange, userId: string): z.infer<typeof account> {
  return {
    writeCount: exchange.writeCount(userId),
    writesReceived: exchange.writesReceived(userId),
    settings: [...exchange.settings(userId)],
    positions: [...exchange.positions(userId)],
    levers: (exchange.leverList ?? []).map(({ id }) => id).filter((id) => exchange.levers?.isOn(id, userId)),
  };
}

function describeRequest({ at, method, url, kind, account: userId, status, fault }: OpenExchange['requests'][number]) {
  return {
    ...{ at, method, url, kind, status },
    ...(userId === undefined ? {} : { userId }),
    ...(fault === undefined ? {} : { fault }),
  };
}
