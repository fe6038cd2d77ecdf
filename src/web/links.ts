import { createHash } from 'node:crypto';
import { z } from 'zod';
import { accountPath, accountSchema } from '../account.ts';
import { deliveryOfFlags, deliverySchema } from '../delivery.ts';
import { Failure } from '../errors.ts';
import { retried } from '../store/retried.ts';
import { plainRows, type RowContext, type SealedRow, sealedRows } from '../store/sealed-rows.ts';
import type { Change } from '../store/store.ts';
import { commitInTurn } from '../store/turns.ts';

export const lifetimeMs = 10 * 60_000;
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

/** Where links point to. `isLocal`: they work only in a browser on this machine. */
export type LinkBase = { readonly url: string; readonly isLocal: boolean };

/** `expiresAt` is in milliseconds since the epoch, by the store's clock. */
export type NewLink = { readonly url: string; readonly expiresAt: number; readonly isLocal: boolean };

/**
 * One try at a link, which never comes back: a try that cost nothing could be made without end.
 * `link.triesLeft` is what is left after it. End it with exactly one of the functions.
 */
export type Attempt = {
  readonly link: Link;
  /** Nothing came of it, whatever the reason; with the last try the link goes too. */
  readonly failed: () => Promise<void>;
  /**
   * Uses the link up. Of any number of attempts only one gets an answer, the others get undefined.
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
  readonly attempt: (token: string) => Promise<Attempt | undefined>;
  /** @returns true for the first stranger at this link only. */
  readonly noteStranger: (token: string) => Promise<boolean>;
  readonly voidAll: (user: string) => Promise<void>;
};

type Found = SealedRow<Link>;

/**
 * @param options.newToken - 256 random bits as 43 characters of base64url.
 * @param options.base - Where the page is; undefined while there is none.
 * @param options.isAllowed - Whether the operator allows this person, who asked in this server, to use the bot.
 */
export function createLinks(
  options: RowContext & {
    readonly newToken: () => string;
    readonly base: () => LinkBase | undefined;
    readonly isAllowed: (caller: { readonly user: string; readonly guild?: string }) => boolean;
  },
): Links {
  const { store, newToken, base, isAllowed } = options;

  async function create(request: LinkRequest): Promise<NewLink> {
    const page = base();
    if (page === undefined) throw new Failure({ code: 'LINKS_OFF' });
    const token = newToken();
    const indexKey = linkIndex.prefix + accountPath(request.account);
    const { user } = request.account;
    const stored = await commitInTurn(store, { user, of: 'links' }, async () => {
      const open = await store.list(`${linkIndex.prefix}${user}/`, { limit: mostLinks + 1 });
      const previous = open.find(({ key }) => key === indexKey) ?? (await store.get(indexKey));
      if (previous === undefined && open.length >= mostLinks) {
        throw new Failure({ code: 'TOO_MANY_LINKS', max: mostLinks });
      }
      return {
        writes: [
          ...(previous === undefined ? [] : [{ key: linkKeyOfHash(previous.value), remove: true } as const]),
          await linkRows.write(options, hash(token), { ...request, triesLeft: tries }, lifetimeMs),
          { key: indexKey, value: hash(token), ttlMs: lifetimeMs },
        ],
      };
    });
    if (stored.kind !== 'committed') throw new Failure({ code: 'STORE_UNAVAILABLE' });
    return { url: `${page.url}/link/${token}`, expiresAt: stored.at + lifetimeMs, isLocal: page.isLocal };
  }

  /** A link of somebody whom the operator has shut out since is as if it had ended. */
  async function findRow(token: string): Promise<Found | undefined> {
    const found = tokenPattern.test(token) ? await linkRows.get(options, hash(token)) : undefined;
    return found !== undefined && isAllowed(callerOf(found.data)) ? found : undefined;
  }

  /** Writes the link as `change` wants it. @returns the new one; undefined when it is gone or is to stay as it is. */
  async function update(token: string, change: (link: Link) => Link | undefined): Promise<Link | undefined> {
    const updated = await retried(async () => {
      const found = await findRow(token);
      const link = found && change(found.data);
      if (found === undefined || link === undefined) return 'unchanged';
      const at = await commitAt({ checks: [found], writes: [await linkRows.rewrite(options, found, link)] });
      return at === undefined ? undefined : link;
    });
    return updated === 'unchanged' ? undefined : updated;
  }

  async function consume(token: string): Promise<Found | undefined> {
    const consumed = await retried(async () => {
      const found = await findRow(token);
      if (found === undefined) return 'gone';
      // While the link's row is there, the index points to it: a newer link takes both in one change.
      const writes = [found.key, linkIndex.prefix + accountPath(found.data.account)].map(
        (key) => ({ key, remove: true }) as const,
      );
      return (await commitAt({ checks: [found], writes })) === undefined ? undefined : found;
    });
    return consumed === 'gone' ? undefined : consumed;
  }

  async function restore(used: Found): Promise<void> {
    if (used.data.triesLeft === 0) return;
    const link = await linkRows.rewrite(options, used, used.data);
    const rows = [link, { ...link, key: linkIndex.prefix + accountPath(used.data.account), value: used.id }];
    await store.commit({ checks: rows.map(({ key }) => ({ key, version: 'absent' })), writes: rows });
  }

  async function attempt(token: string): Promise<Attempt | undefined> {
    const link = await update(token, takeTry);
    if (link === undefined) return undefined;
    return {
      link,
      failed: async () => void (link.triesLeft === 0 && (await consume(token))),
      succeeded: async () => {
        const consumed = await consume(token);
        return consumed && { restore: () => restore(consumed) };
      },
    };
  }

  async function noteStranger(token: string): Promise<boolean> {
    const noted = await update(token, (link) => (link.hasMetStranger ? undefined : { ...link, hasMetStranger: true }));
    return noted !== undefined;
  }

  async function voidAll(user: string): Promise<void> {
    await retried(async () => {
      const indexes = await store.list(`${linkIndex.prefix}${user}/`);
      const keys = indexes.flatMap(({ key, value }) => [key, linkKeyOfHash(value)]);
      return commitAt({ checks: indexes, writes: keys.map((key) => ({ key, remove: true })) });
    });
  }

  async function find(token: string): Promise<Link | undefined> {
    const found = await findRow(token);
    return found !== undefined && found.data.triesLeft > 0 ? found.data : undefined;
  }

  /** @returns when the change was committed, or undefined when another one came first. */
  async function commitAt(change: Change): Promise<number | undefined> {
    const commit = await store.commit(change);
    return commit.kind === 'committed' ? commit.at : undefined;
  }

  return { create, find, attempt, noteStranger, voidAll };
}

function takeTry(link: Link): Link | undefined {
  return link.triesLeft > 0 ? { ...link, triesLeft: link.triesLeft - 1 } : undefined;
}

/** The token itself is never stored. It is too random to need more than a plain hash. */
function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function linkKeyOfHash(tokenHash: string): string {
  return `${linkRows.prefix}${tokenHash}`;
}

function callerOf({ account: { user }, guild }: Link): { readonly user: string; readonly guild?: string } {
  return guild === undefined ? { user } : { user, guild };
}
