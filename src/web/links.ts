import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Account, accountPath, accountSchema } from '../account.ts';
import { deliveryOfFlags, deliverySchema } from '../delivery.ts';
import { Failure } from '../errors.ts';
import type { Life } from '../store/lives.ts';
import { retried } from '../store/retried.ts';
import { plainRows, type RowContext, type SealedRow, sealedRows } from '../store/sealed-rows.ts';
import type { Change, Entry } from '../store/store.ts';
import { commitInTurn } from '../store/turns.ts';
import type { LinkBase } from './address.ts';

const lifetimeMs = 10 * 60_000;
const tries = 5;
/** For each person. */
const mostLinks = 5;

/** 256 random bits as base64url. */
export const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

const linkSchema = z.object({
  account: accountSchema,
  /** The server in which it was asked for; absent for direct messages. */
  guild: z.string().exactOptional(),
  /** The user's unique name in Discord, for the page. */
  userName: z.string(),
  /** The Discord message that carries the link. */
  delivery: deliverySchema,
  triesLeft: z.number(),
  /** Whether somebody else signed in on it, of which its owner was told. */
  hasMetStranger: z.literal(true).exactOptional(),
});
export type Link = Readonly<z.infer<typeof linkSchema>>;
export type LinkRequest = Omit<Link, 'triesLeft' | 'hasMetStranger'>;

/** By the token's hash. A link of 0.1 ended with it: anybody who could write the database made it last. */
export const linkRows = sealedRows({
  kind: 'link',
  prefix: 'link/',
  version: 2,
  schema: linkSchema,
  migrations: { 1: withDeliveryKind },
  unversioned: 'ended',
});

const flaggedSchema = z.looseObject({ delivery: z.unknown() });

/** In version 1 a delivery's fields told its kind. */
function withDeliveryKind(older: unknown): unknown {
  const link = flaggedSchema.parse(older);
  return { ...link, delivery: deliveryOfFlags(link.delivery) };
}

/** For each account the hash of its open link's token. */
export const linkIndex = plainRows('link-for');

/** How long rows of links live at most. */
export const linkLives = [linkRows, linkIndex].map(({ prefix }): Life => [prefix, lifetimeMs]);

/** `expiresAt` is in milliseconds since the epoch, by the store's clock. */
export type NewLink = { readonly url: string; readonly expiresAt: number; readonly isLocal: boolean };

/**
 * One try at a link, which never comes back: a try that cost nothing could be made without end.
 * `link.triesLeft` is what is left after it. End it with exactly one of the functions.
 */
export type Try = {
  readonly link: Link;
  /** Nothing came of it, whatever the reason; with the last try the link goes too. */
  readonly failed: () => Promise<void>;
  /**
   * Uses the link up. Of any number of tries only one gets an answer, the others get undefined.
   * `restore` puts the link back for the rest of its time and tries, unless a newer one has taken its place.
   */
  readonly succeeded: () => Promise<{ readonly restore: () => Promise<void> } | undefined>;
};

/** One-time links to the page on which a key is entered. Every call throws Failure STORE_UNAVAILABLE or SEAL_BROKEN. */
export type Links = {
  /** Makes a link of ten minutes and voids the account's previous one. @throws Failure LINKS_OFF without a page, TOO_MANY_LINKS */
  readonly create: (request: LinkRequest) => Promise<NewLink>;
  /** Opening does not spend a link. @returns undefined for one that is used, voided, expired or was never there. */
  readonly find: (token: string) => Promise<Link | undefined>;
  /** Takes one of five tries. @returns undefined when the link no longer works. */
  readonly takeTry: (token: string) => Promise<Try | undefined>;
  /** @returns true for the first stranger at this link only. */
  readonly noteStranger: (token: string) => Promise<boolean>;
  readonly voidAll: (user: string) => Promise<void>;
};

type LinkContext = RowContext & {
  /** 256 random bits as 43 characters of base64url. */
  readonly newToken: () => string;
  /** Where the page is; undefined while there is none. */
  readonly base: () => LinkBase | undefined;
  /** Whether the operator allows this person, who asked in this server, to use the bot. */
  readonly isAllowed: (caller: { readonly user: string; readonly guild?: string }) => boolean;
};

export function createLinks(context: LinkContext): Links {
  return {
    create: (request) => createLink(context, request),
    find: (token) => findLink(context, token),
    takeTry: (token) => takeTry(context, token),
    noteStranger: (token) => noteStranger(context, token),
    voidAll: (user) => voidLinks(context, user),
  };
}

type LinkRow = SealedRow<Link>;

async function createLink(context: LinkContext, request: LinkRequest): Promise<NewLink> {
  const { store, newToken, base } = context;
  const page = base();
  if (page === undefined) throw new Failure({ code: 'LINKS_OFF' });
  const token = newToken();
  const { account } = request;
  const stored = await commitInTurn(store, { user: account.user, of: 'links' }, async () => {
    const previous = await previousIndex(context, account);
    return {
      writes: [
        ...(previous === undefined ? [] : [{ key: linkKeyOfHash(previous.value), remove: true } as const]),
        await linkRows.write(context, hash(token), { ...request, triesLeft: tries }, lifetimeMs),
        { key: indexKeyOf(account), value: hash(token), ttlMs: lifetimeMs },
      ],
    };
  });
  if (stored.kind !== 'committed') throw new Failure({ code: 'STORE_UNAVAILABLE' });
  return { url: `${page.url}/link/${token}`, expiresAt: stored.at + lifetimeMs, isLocal: page.isLocal };
}

/** @returns the index of the link that a new one of this account voids. @throws Failure TOO_MANY_LINKS */
async function previousIndex({ store }: LinkContext, account: Account): Promise<Entry | undefined> {
  const indexKey = indexKeyOf(account);
  const open = await store.list(`${linkIndex.prefix}${account.user}/`, { limit: mostLinks + 1 });
  const previous = open.find(({ key }) => key === indexKey) ?? (await store.get(indexKey));
  if (previous === undefined && open.length >= mostLinks) throw new Failure({ code: 'TOO_MANY_LINKS', max: mostLinks });
  return previous;
}

async function findLink(context: LinkContext, token: string): Promise<Link | undefined> {
  const row = await readRow(context, token);
  return row !== undefined && row.data.triesLeft > 0 ? row.data : undefined;
}

/** A link of somebody whom the operator has shut out since is as if it had ended. */
async function readRow(context: LinkContext, token: string): Promise<LinkRow | undefined> {
  const row = tokenPattern.test(token) ? await linkRows.get(context, hash(token)) : undefined;
  return row !== undefined && context.isAllowed(callerOf(row.data)) ? row : undefined;
}

async function takeTry(context: LinkContext, token: string): Promise<Try | undefined> {
  const link = await update(context, token, (found) =>
    found.triesLeft > 0 ? { ...found, triesLeft: found.triesLeft - 1 } : undefined,
  );
  if (link === undefined) return undefined;
  return {
    link,
    failed: async () => void (link.triesLeft === 0 && (await useUp(context, token))),
    succeeded: async () => {
      const used = await useUp(context, token);
      return used && { restore: () => restore(context, used) };
    },
  };
}

async function noteStranger(context: LinkContext, token: string): Promise<boolean> {
  const noted = await update(context, token, (link) =>
    link.hasMetStranger ? undefined : { ...link, hasMetStranger: true },
  );
  return noted !== undefined;
}

/** Writes the link as `change` wants it. @returns the new one; undefined when it is gone or is to stay as it is. */
async function update(
  context: LinkContext,
  token: string,
  change: (link: Link) => Link | undefined,
): Promise<Link | undefined> {
  const updated = await retried(async () => {
    const row = await readRow(context, token);
    const link = row && change(row.data);
    if (row === undefined || link === undefined) return 'unchanged';
    const writes = [await linkRows.rewrite(context, row, link)];
    return (await isCommitted(context, { checks: [row], writes })) ? link : undefined;
  });
  return updated === 'unchanged' ? undefined : updated;
}

async function useUp(context: LinkContext, token: string): Promise<LinkRow | undefined> {
  const used = await retried(async () => {
    const row = await readRow(context, token);
    if (row === undefined) return 'gone';
    // While the link's row is there, the index points to it: a newer link takes both in one change.
    const writes = [row.key, indexKeyOf(row.data.account)].map((key) => ({ key, remove: true }) as const);
    return (await isCommitted(context, { checks: [row], writes })) ? row : undefined;
  });
  return used === 'gone' ? undefined : used;
}

async function restore(context: LinkContext, used: LinkRow): Promise<void> {
  if (used.data.triesLeft === 0) return;
  const link = await linkRows.rewrite(context, used, used.data);
  const rows = [link, { ...link, key: indexKeyOf(used.data.account), value: used.id }];
  await context.store.commit({ checks: rows.map(({ key }) => ({ key, version: 'absent' })), writes: rows });
}

async function voidLinks(context: LinkContext, user: string): Promise<void> {
  await retried(async () => {
    const indexes = await context.store.list(`${linkIndex.prefix}${user}/`);
    const keys = indexes.flatMap(({ key, value }) => [key, linkKeyOfHash(value)]);
    const writes = keys.map((key) => ({ key, remove: true }) as const);
    return (await isCommitted(context, { checks: indexes, writes })) || undefined;
  });
}

/** @returns false when another change came first. */
async function isCommitted({ store }: LinkContext, change: Change): Promise<boolean> {
  return (await store.commit(change)).kind === 'committed';
}

/** The token itself is never stored. It is too random to need more than a plain hash. */
function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function indexKeyOf(account: Account): string {
  return linkIndex.prefix + accountPath(account);
}

function linkKeyOfHash(tokenHash: string): string {
  return `${linkRows.prefix}${tokenHash}`;
}

function callerOf({ account: { user }, guild }: Link): { readonly user: string; readonly guild?: string } {
  return guild === undefined ? { user } : { user, guild };
}
