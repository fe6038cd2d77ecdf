import { randomBytes } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { createLoopbackDiscord } from '../simulators/discord/loopback-discord.ts';
import { simulatedVenues, urlAt } from '../simulators/venues/index.ts';
import { Secret } from '../src/secret.ts';
import { byVenue, type VenueName, venueNames } from './bot-messages.ts';
import { createClock, createClockFile } from './clock.ts';
import { createJournal, type Spot, type Value } from './journal.ts';
import { createLeaks } from './leaks.ts';
import type { Pace } from './pace.ts';
import { applicationId, createTraders, guildId } from './people.ts';
import type { Random } from './random.ts';
import type { Violation } from './rules/violation.ts';
import { tapDiscord, tapVenue } from './taps.ts';
import { torturedVenues } from './venues.ts';

export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Everything around the bot: a Discord, the venues, traders, and the journal of what they see. */
export async function openDesk(options: {
  readonly random: Random;
  readonly users: number;
  readonly pace: Pace;
  /** Whether the clock of the bot's host can be set; what the bot says of times is then not held against it. */
  readonly wanders: boolean;
}) {
  const { random, users, pace, wanders } = options;
  const clockFile = createClockFile();
  const clock = createClock(clockFile.show);
  const { now } = clock;
  const traders = createTraders(users);
  const secrets = {
    botToken: `bot-token-canary.abcdef.${randomBytes(20).toString('hex')}`,
    masterKey: randomBytes(32).toString('base64url'),
    clientSecret: `client-secret-canary-${randomBytes(8).toString('hex')}`,
    metricsToken: `metrics-token-canary-${randomBytes(8).toString('hex')}`,
  };
  const discord = createLoopbackDiscord({
    now,
    applicationId,
    botToken: secrets.botToken,
    clientSecret: secrets.clientSecret,
    people: traders.map(({ id, name }) => ({ id, username: name })),
    guilds: [
      {
        id: guildId,
        name: 'Desk',
        channels: traders.map(({ channel, name }) => ({ id: channel, name })),
        members: traders.map(({ id }) => ({ userId: id })),
      },
    ],
    globalPerSecond: 100_000,
    sessionStartLimit: 1_000_000,
  });
  const simulators = byVenue((venue) => torturedVenues[venue].open({ now, traders, random: random.fork(venue) }));
  const journal = createJournal({ now, writes: byVenue((venue) => simulators[venue].writes) });
  const leaks = createLeaks(namedSecrets(secrets, traders));
  const found: Violation[] = [];
  const violate = (violation: Violation): void => void found.push(violation);

  /** What a venue holds just now, whatever it says. */
  function held({ venue, user, market, currency }: Spot): Value {
    const settings = simulators[venue].settings(user);
    const found = settings.find((one) => one.market === market && one.currency === currency);
    return found?.leverage ?? torturedVenues[venue].unlisted;
  }

  const servers = {
    discord: serve(async (app) => {
      const onBody = (text: string) => {
        const leak = leaks.find(text) ?? leaks.findToken(text);
        if (leak !== undefined) violate({ rule: 'no-secret', what: `${leak} was sent to Discord` });
      };
      tapDiscord(app, { journal, onBody });
      await app.register(discord.plugin, { prefix: '/discord' });
    }),
    ...byVenue((venue) =>
      serve(async (app) => {
        tapVenue(app, { venue, journal, traders, held, onToken: (token) => leaks.add(`a token of ${venue}`, token) });
        await app.register(simulators[venue].plugin, { prefix: simulatedVenues[venue].prefix });
      }),
    ),
    /** Where a venue's redirect points to: nothing may arrive here. */
    stray: serve(async (app) => {
      app.all('/*', async (request) => {
        violate({ rule: 'no-secret', what: `${request.method} ${request.url.split('?')[0]} followed a redirect` });
        return {};
      });
    }),
  };
  await Promise.all(Object.values(servers).map(({ open }) => open()));

  return {
    clock,
    clockFile: clockFile.path,
    wanders,
    pace,
    random,
    traders,
    secrets,
    masterKey: { id: 'k1', key: new Secret(secrets.masterKey) },
    discord,
    simulators,
    journal,
    leaks,
    violations: found,
    violate,
    discordApi: `${servers.discord.origin()}/discord/api`,
    venueUrls: byVenue((venue) => urlAt(servers[venue].origin(), simulatedVenues[venue])),
    strayUrl: servers.stray.origin(),
    /** Refuses new connections to a venue, as when nothing listens there. */
    refuseConnections: (venue: VenueName, isRefusing: boolean) => servers[venue].refuse(isRefusing),
    isReachable: (venue: VenueName) => servers[venue].app.server.listening,
    close: async () => {
      discord.close();
      clockFile.remove();
      await Promise.all(Object.values(servers).map(({ app }) => app.close()));
    },
  };
}

function serve(build: (app: FastifyInstance) => Promise<void>) {
  const app = fastify({ forceCloseConnections: true });
  let port = 0;
  const open = async (): Promise<void> => {
    await build(app);
    port = Number(new URL(await app.listen({ host: '127.0.0.1', port })).port);
  };
  const listen = (): void => void (app.server.listening || app.server.listen(port, '127.0.0.1'));
  // Another process may have got the port meanwhile, for as long as it asks somebody something.
  app.server.on('error', () => setTimeout(listen, 20));
  const refuse = (isRefusing: boolean): void => {
    if (isRefusing) app.server.close();
    else listen();
  };
  return { app, open, origin: () => `http://127.0.0.1:${port}`, refuse };
}

function namedSecrets(
  own: Readonly<Record<string, string>>,
  traders: Desk['traders'],
): Readonly<Record<string, string>> {
  const keys = traders.flatMap((trader) =>
    venueNames.flatMap((venue) =>
      Object.entries(torturedVenues[venue].keyOf(trader)).map(
        ([field, value]) => [`the ${field} of ${trader.name} at ${venue}`, value] as const,
      ),
    ),
  );
  return { ...own, ...Object.fromEntries(keys) };
}
