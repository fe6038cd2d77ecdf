import { isIP } from 'node:net';
import { z } from 'zod';
import { parseLeverage } from './leverage/setting.ts';
import type { VenueFacts, Window } from './leverage/venue.ts';
import { Secret } from './secret.ts';
import type { MasterKey } from './vault/envelope.ts';
import { type VenueId, venueIds } from './venues/index.ts';

/** A non-empty ring of master keys: the first encrypts, the others decrypt. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

/** What is wrong with one variable; never its value. */
export type Problem = { readonly variable: string; readonly problem: string };

type Parse<T> = (text: string) => T | undefined;

/** A check whose message says what is expected and never what was found. */
function value<T>(expected: string, parse: Parse<T>): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `must be ${expected}` });
    return z.NEVER;
  });
}

/** A variable without which the program cannot start; `source` says where to get it. */
export function required<T>(source: string, parse: Parse<T>): z.ZodType<T, string> {
  const check = value(source, parse);
  return z.string({ error: `is missing: it must be ${source}` }).pipe(check);
}

export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return value(`a whole number from ${min} to ${max}`, (text) => {
    const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  });
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): z.ZodType<Choice, string> {
  return value(`one of ${choices.join(', ')}`, (text) => choices.find((choice) => choice === text));
}

export const text = z.string();

export const trueOrFalse = value('true or false', (text) =>
  text === 'true' ? true : text === 'false' ? false : undefined,
);

/** Three dot-separated parts; pasting the client secret or `Bot …` here is a common mistake. */
export const discordToken: Parse<Secret> = (text) =>
  /^[\w-]{10,}\.[\w-]{2,}\.[\w-]{10,}$/.test(text) ? new Secret(text) : undefined;

export const discordSecret = value('the client secret from the OAuth2 page of the Discord developer portal', (text) =>
  /^[\w-]{16,128}$/.test(text) ? new Secret(text) : undefined,
);

export const bearerToken = value('24 to 200 visible characters without spaces', (text) =>
  /^[\x21-\x7e]{24,200}$/.test(text) ? new Secret(text) : undefined,
);

const snowflakePattern = /^[0-9]{17,20}$/;

export const snowflake = value('a Discord id of 17 to 20 digits', (text) =>
  snowflakePattern.test(text) ? text : undefined,
);

export const snowflakes = value('a comma-separated list of Discord ids of 17 to 20 digits', (text) => {
  const ids = split(text);
  return ids.every((id) => snowflakePattern.test(id)) ? new Set(ids) : undefined;
});

export const venues = value(
  `a comma-separated list of ${venueIds.join(', ')}, each once`,
  (text): readonly VenueId[] | undefined => {
    const named = split(text).map(toVenueId);
    const ids = named.filter((id) => id !== undefined);
    return ids.length === named.length && isUnique(ids) ? ids : undefined;
  },
);

function toVenueId(text: string): VenueId | undefined {
  return venueIds.find((id) => id === text);
}

/** A bare number holds for every venue. */
export const maxLeverage = value(
  'a leverage such as 20, or a list such as mudrex=20,kraken-futures=10, each venue once',
  (text): ReadonlyMap<VenueId, string> | undefined => {
    const forAll = parseLeverage(text);
    if (forAll !== undefined) return new Map(venueIds.map((id) => [id, forAll]));
    const entries = split(text)
      .map(parseMaximum)
      .filter((entry) => entry !== undefined);
    const limits = new Map(entries);
    return limits.size > 0 && limits.size === split(text).length ? limits : undefined;
  },
);

/**
 * A maximum for a venue that ends binds its successor too, until that has its own: nobody gets more by moving.
 *
 * @param facts - Of all venues, in which those that end name their successors.
 */
export function boundSuccessors(
  limits: ReadonlyMap<string, string>,
  facts: readonly Pick<VenueFacts, 'id' | 'retires'>[],
): ReadonlyMap<string, string> {
  const inherited = facts.flatMap(({ id, retires: { successor } = {} }) => {
    const max = limits.get(id);
    return successor === undefined || max === undefined ? [] : [[successor, max] as const];
  });
  return new Map([...inherited, ...limits]);
}

function parseMaximum(text: string): readonly [VenueId, string] | undefined {
  const [name = '', maximum = '', ...rest] = text.split('=').map((part) => part.trim());
  const venue = toVenueId(name);
  const leverage = parseLeverage(maximum);
  return venue !== undefined && leverage !== undefined && rest.length === 0 ? [venue, leverage] : undefined;
}

/** Where the reverse proxy sends people; only its origin, because the page's paths start at `/`. */
export const httpsOrigin = value(
  'an address such as https://bot.example.com, with https and without a path',
  (text) => {
    const url = /^https:\/\//i.test(text) ? URL.parse(text) : null;
    return url !== null && url.href === `${url.origin}/` ? url.origin : undefined;
  },
);

/** A page that people are sent to. */
export const httpsUrl = value('an address such as https://example.com/privacy, with https', (text) => {
  const url = /^https:\/\//i.test(text) ? URL.parse(text) : null;
  const isPlain = url !== null && url.username === '' && url.password === '' && url.href.length <= 500;
  return isPlain ? url.href : undefined;
});

/** Shown to people as it stands. */
export const contact = value('a name, an address or a channel in up to 100 characters', (text) =>
  text.length <= 100 ? text : undefined,
);

export const host = value('an IP address or a host name to listen on, without a port', (text) =>
  isIP(text) !== 0 || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text) ? text : undefined,
);

export const proxies = value(
  'a comma-separated list of proxy addresses (IP or IP/prefix length) or the word loopback',
  (text) => {
    const addresses = split(text);
    return addresses.every((address) => address === 'loopback' || isNetwork(address)) ? addresses : undefined;
  },
);

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^[0-9]{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits);
}

/** Midnight in UTC, in milliseconds since the epoch. */
export const day = value('a day such as 2027-02-28', (text) => {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  // The 30th of February would be read as another day.
  return new Date(at || 0).toISOString().startsWith(text) ? at : undefined;
});

const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const windows = value(
  'a list of limits such as 10/1s,500/1m (units per time; s, m, h or d)',
  (text): readonly Window[] | undefined => {
    const limits = split(text).map(parseWindow);
    const parsed = limits.filter((limit) => limit !== undefined);
    return parsed.length > 0 && parsed.length === limits.length ? parsed : undefined;
  },
);

function parseWindow(text: string): Window | undefined {
  const { units, count, unit } =
    /^(?<units>[1-9]\d{0,8})\/(?<count>[1-9]\d{0,2})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  if (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd') return undefined;
  return { units: Number(units), windowMs: Number(count) * unitsMs[unit] };
}

const masterKeyPattern = /^(?<id>[a-z0-9-]{1,16}):(?<key>[A-Za-z0-9_-]{43})$/;

/** `id:base64url(32 bytes)[,id:key…]`; two ids, or two keys, that are the same are refused. */
export const masterKeys: Parse<MasterKeys> = (text) => {
  const keys = split(text).map((entry) => masterKeyPattern.exec(entry)?.groups);
  const [first, ...others] = keys.map((key) => toMasterKey(key?.id, key?.key)).filter((key) => key !== undefined);
  if (first === undefined || others.length + 1 !== keys.length) return undefined;
  const isDistinct = isUnique(keys.map((key) => key?.id)) && isUnique(keys.map((key) => key?.key));
  return isDistinct ? [first, ...others] : undefined;
};

function toMasterKey(id: string | undefined, key: string | undefined): MasterKey | undefined {
  if (id === undefined || key === undefined) return undefined;
  // 43 characters hold two bits more than 32 bytes: only one spelling of a key is accepted.
  return Buffer.from(key, 'base64url').toString('base64url') === key ? { id, key: new Secret(key) } : undefined;
}

function split(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

function isUnique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
