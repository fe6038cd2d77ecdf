import { join } from 'node:path';
import { z } from 'zod';
import { limitVariables, readLimits } from './config-limits.ts';
import { readRetirements, retirementVariables } from './config-retirements.ts';
import type { MasterKeys, Problem } from './config-values.ts';
import * as values from './config-values.ts';
import type { Rules } from './leverage/policy.ts';
import type { Budget, Retirement } from './leverage/venue.ts';
import { type LogLevel, logLevels } from './log.ts';
import type { Secret } from './secret.ts';
import { formerVenues, type VenueId, venueFacts, venueIds } from './venues/index.ts';

/** The variables, each declared once: what it must look like, and what it is when it is not set. */
const variables = {
  DISCORD_TOKEN: values.required('the bot token from the Discord developer portal', values.discordToken),
  MASTER_KEYS: values.required('a list of id:key with distinct ids, as npm run master-key prints', values.masterKeys),
  DATA_DIR: values.text.default('./data'),
  BACKUP_DIR: values.text.optional(),
  BACKUPS_KEPT: values.wholeNumber(1, 1000).default(7),
  PUBLIC_URL: values.httpsOrigin.optional(),
  DISCORD_CLIENT_SECRET: values.discordSecret.optional(),
  WEB_HOST: values.host.default('127.0.0.1'),
  WEB_PORT: values.wholeNumber(0, 65_535).default(8080),
  TRUST_PROXY: values.proxies.default([]),
  METRICS_TOKEN: values.bearerToken.optional(),
  VENUES: values.venues.default(venueIds),
  ALLOWED_GUILDS: values.snowflakes.default(new Set()),
  ALLOWED_USERS: values.snowflakes.default(new Set()),
  MAX_LEVERAGE: values.maxLeverage.default(new Map()),
  HALT: values.trueOrFalse.default(false),
  AUDIT_CHANNEL_ID: values.snowflake.optional(),
  CONTACT: values.contact.optional(),
  PRIVACY_URL: values.httpsUrl.optional(),
  CARD_SECONDS: values.wholeNumber(15, 600).default(60),
  RISK_DISTANCE_PERCENT: values.wholeNumber(0, 100).default(10),
  KEEP_DAYS: values.wholeNumber(1, 3650).default(90),
  MAX_KEYS_PER_USER: values.wholeNumber(1, 100).default(10),
  LOG_LEVEL: values.oneOf(logLevels).default('info'),
};
const schema = z.object(variables);
type Variables = z.infer<typeof schema>;

/** The name of every variable that this program reads. */
export const variableNames: readonly string[] = [...Object.keys(variables), ...limitVariables, ...retirementVariables];

/** What must never be written to a log. */
export function secretsOf({ discordToken, masterKeys, web }: Config): readonly Secret[] {
  const { discordClientSecret, metricsToken } = web;
  const given = [discordToken, discordClientSecret, metricsToken, ...masterKeys.map(({ key }) => key)];
  return given.filter((secret) => secret !== undefined);
}

/** Everything that an operator can set. Durations are in milliseconds; secrets print as `[secret]`. */
export type Config = {
  readonly discordToken: Secret;
  /** The first encrypts, the others decrypt. */
  readonly masterKeys: MasterKeys;
  readonly dataDir: string;
  readonly backups: { readonly dir: string; readonly kept: number };
  readonly web: WebConfig;
  readonly venues: readonly VenueId[];
  readonly rules: Rules;
  readonly auditChannel?: string;
  /** How people reach the operator, for /privacy. */
  readonly operator: { readonly contact?: string; readonly privacyUrl?: string };
  readonly cardMs: number;
  /** A liquidation price closer to the mark price than this makes a change risky. */
  readonly riskPercent: number;
  readonly keepMs: number;
  readonly maxKeysPerUser: number;
  /** The limits of each venue by its id, where an operator may set them. */
  readonly venueLimits: ReadonlyMap<string, Budget>;
  /** When each venue ends whose exchange has announced it. */
  readonly retirements: ReadonlyMap<VenueId, Retirement>;
  readonly logLevel: LogLevel;
  /** Venues of earlier versions that these variables still name; they count as not named. */
  readonly ignored: readonly IgnoredVenue[];
};

type IgnoredVenue = { readonly variable: string; readonly venue: string };

export type WebConfig = {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** An https origin without a path. Without it the link page is for this machine only, and `rules.allowedUsers` is set. */
  readonly publicUrl?: string;
  /** Always there when `publicUrl` is. */
  readonly discordClientSecret?: Secret;
  readonly trustProxy: readonly string[];
  /** Without it nobody can read the metrics. */
  readonly metricsToken?: Secret;
};

type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/**
 * Reads the configuration; a variable that is empty counts as not set.
 *
 * @param env - The process's environment, unless a test gives another.
 * @returns the configuration, or every problem at once.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): LoadedConfig {
  const given = Object.fromEntries(variableNames.map((name) => [name, env[name]?.trim() || undefined]));
  const { set, ignored } = withoutFormerVenues(given);
  const parsed = schema.safeParse(set);
  const limits = readLimits(set);
  const { retirements, problems } = readRetirements(set);
  const all = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ variable: String(path[0]), problem: message })),
    ...missingPartner(set),
    ...(given.VENUES !== undefined && set.VENUES === undefined ? [onlyFormer] : []),
    ...limits.problems,
    ...problems,
  ];
  if (!parsed.success || all.length > 0) return { kind: 'invalid', problems: all };
  return { kind: 'ok', config: toConfig(parsed.data, { venueLimits: limits.venueLimits, retirements, ignored }) };
}

/** An operator who chose exchanges chose against the others: with none of theirs left, that is not the choice of all. */
const onlyFormer: Problem = {
  variable: 'VENUES',
  problem: `names only exchanges that have ended: it must name some of ${venueIds.join(', ')}, or be empty for all`,
};

/** A list that an operator wrote for an earlier version holds for what is left of it. */
function withoutFormerVenues(given: Readonly<Record<string, string | undefined>>): {
  readonly set: Readonly<Record<string, string | undefined>>;
  readonly ignored: readonly IgnoredVenue[];
} {
  const ignored: IgnoredVenue[] = [];
  const read = (variable: string) => {
    const entries = given[variable]?.split(',') ?? [];
    const kept = entries.filter((entry) => {
      const venue = entry.split('=')[0]?.trim() ?? '';
      const isFormer = Object.hasOwn(formerVenues, venue);
      if (isFormer) ignored.push({ variable, venue });
      return !isFormer;
    });
    return { [variable]: kept.length === 0 ? undefined : kept.join(',') };
  };
  return { set: { ...given, ...read('VENUES'), ...read('MAX_LEVERAGE') }, ignored };
}

function missingPartner(set: Readonly<Record<string, string | undefined>>): readonly Problem[] {
  if (set.PUBLIC_URL === undefined) return set.ALLOWED_USERS === undefined ? [missingUsers] : [];
  if (set.DISCORD_CLIENT_SECRET !== undefined) return [];
  const problem = 'is missing: with PUBLIC_URL it must be the client secret from the Discord developer portal';
  return [{ variable: 'DISCORD_CLIENT_SECRET', problem }];
}

/** Without a sign-in the page cannot tell who enters a key, so a stranger's link could take the key of somebody else. */
const missingUsers: Problem = {
  variable: 'ALLOWED_USERS',
  problem:
    'is missing: without PUBLIC_URL it must be the Discord ids of the people who may use the bot, such as your own',
};

function toConfig(set: Variables, others: Pick<Config, 'venueLimits' | 'retirements' | 'ignored'>): Config {
  return {
    discordToken: set.DISCORD_TOKEN,
    masterKeys: set.MASTER_KEYS,
    dataDir: set.DATA_DIR,
    backups: { dir: set.BACKUP_DIR ?? join(set.DATA_DIR, 'backups'), kept: set.BACKUPS_KEPT },
    web: toWebConfig(set),
    venues: set.VENUES,
    rules: {
      allowedGuilds: set.ALLOWED_GUILDS,
      allowedUsers: set.ALLOWED_USERS,
      maxLeverage: values.boundSuccessors(set.MAX_LEVERAGE, venueFacts),
      isHalted: set.HALT,
    },
    ...(set.AUDIT_CHANNEL_ID !== undefined && { auditChannel: set.AUDIT_CHANNEL_ID }),
    operator: {
      ...(set.CONTACT !== undefined && { contact: set.CONTACT }),
      ...(set.PRIVACY_URL !== undefined && { privacyUrl: set.PRIVACY_URL }),
    },
    cardMs: set.CARD_SECONDS * 1000,
    riskPercent: set.RISK_DISTANCE_PERCENT,
    keepMs: set.KEEP_DAYS * 86_400_000,
    maxKeysPerUser: set.MAX_KEYS_PER_USER,
    ...others,
    logLevel: set.LOG_LEVEL,
  };
}

function toWebConfig(set: Variables): WebConfig {
  return {
    host: set.WEB_HOST,
    port: set.WEB_PORT,
    ...(set.PUBLIC_URL !== undefined && { publicUrl: set.PUBLIC_URL }),
    ...(set.DISCORD_CLIENT_SECRET !== undefined && { discordClientSecret: set.DISCORD_CLIENT_SECRET }),
    trustProxy: set.TRUST_PROXY,
    ...(set.METRICS_TOKEN !== undefined && { metricsToken: set.METRICS_TOKEN }),
  };
}
