import { createHash, timingSafeEqual } from 'node:crypto';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sealer } from '../store/sealer.ts';

const sessionSchema = z.object({
  /** The Discord user who signed in; absent where the page is for this machine only. */
  user: z.string().exactOptional(),
  csrf: z.string(),
});
export type Session = Readonly<z.infer<typeof sessionSchema>>;

const pendingSchema = z.object({ token: z.string(), state: z.string(), verifier: z.string() });
/** A sign-in under way: the link it is for, and what Discord's answer must fit. */
export type PendingSignIn = Readonly<z.infer<typeof pendingSchema>>;

/** Sessions in sealed cookies, each bound to one link: they end with it, and nothing is kept on the server. */
export type Sessions = {
  readonly start: (reply: FastifyReply, token: string, user?: string) => Promise<Session>;
  readonly read: (request: FastifyRequest, token: string) => Promise<Session | undefined>;
  readonly startSignIn: (reply: FastifyReply, pending: PendingSignIn) => Promise<void>;
  /** Takes the cookie away as well: one answer of Discord, one use. */
  readonly endSignIn: (request: FastifyRequest, reply: FastifyReply) => Promise<PendingSignIn | undefined>;
};

type SessionContext = {
  readonly sealer: Sealer;
  readonly newToken: () => string;
  /** Whether browsers reach the page over https. */
  readonly isSecure: boolean;
};

export function createSessions(context: SessionContext): Sessions {
  return {
    start: (reply, token, user) => startSession(context, reply, token, user),
    read: async (request, token) =>
      sessionSchema.safeParse(await readCookie(context, request, sessionCookie(token))).data,
    startSignIn: (reply, pending) => writeCookie(context, reply, pendingCookie, pending),
    endSignIn: (request, reply) => endSignIn(context, request, reply),
  };
}

async function startSession(
  context: SessionContext,
  reply: FastifyReply,
  token: string,
  user: string | undefined,
): Promise<Session> {
  const session = { csrf: context.newToken(), ...(user !== undefined && { user }) };
  await writeCookie(context, reply, sessionCookie(token), session);
  return session;
}

async function endSignIn(
  context: SessionContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<PendingSignIn | undefined> {
  reply.setCookie(nameOf(context, pendingCookie), '', attributesOf(context, 0));
  return pendingSchema.safeParse(await readCookie(context, request, pendingCookie)).data;
}

/** A cookie whose content nobody else can read or make; what is sealed for one cookie opens in no other. */
type SealedCookie = { readonly name: string; readonly sealedFor: readonly string[] };

const maxAgeS = 600;
const pendingCookie: SealedCookie = { name: 'levergate-sign-in', sealedFor: ['web-sign-in'] };

function sessionCookie(token: string): SealedCookie {
  const link = createHash('sha256').update(token).digest('base64url');
  return { name: 'levergate-session', sealedFor: ['web-session', link] };
}

async function writeCookie(
  context: SessionContext,
  reply: FastifyReply,
  cookie: SealedCookie,
  data: unknown,
): Promise<void> {
  const value = Buffer.from(await context.sealer.seal(cookie.sealedFor, data)).toString('base64url');
  reply.setCookie(nameOf(context, cookie), value, attributesOf(context, maxAgeS));
}

async function readCookie(context: SessionContext, request: FastifyRequest, cookie: SealedCookie): Promise<unknown> {
  const value = request.cookies[nameOf(context, cookie)];
  if (value === undefined) return undefined;
  // A cookie that does not open is no cookie: whoever sent it has to sign in again.
  return context.sealer.open(cookie.sealedFor, Buffer.from(value, 'base64url').toString()).catch(() => undefined);
}

/**
 * With https the prefix makes browsers refuse a cookie that another host or plain http tries to set.
 *
 * @see RFC 6265bis, section 4.1.3.2, the `__Host-` prefix
 */
function nameOf({ isSecure }: SessionContext, { name }: SealedCookie): string {
  return isSecure ? `__Host-${name}` : name;
}

/** No script can read them. Lax: they must come along when Discord sends the browser back. */
function attributesOf({ isSecure }: SessionContext, maxAge: number): CookieSerializeOptions {
  return { path: '/', maxAge, httpOnly: true, sameSite: 'lax', secure: isSecure };
}

/** Compares in a time that does not tell where two texts differ. */
export function isSameText(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return first !== undefined && second !== undefined && timingSafeEqual(first, second);
}
