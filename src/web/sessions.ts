import { createHash, timingSafeEqual } from 'node:crypto';
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

/**
 * Sessions in sealed cookies, each bound to one link: they end with it, and nothing is kept on the server.
 */
export type Sessions = {
  readonly start: (reply: FastifyReply, token: string, user?: string) => Promise<Session>;
  readonly read: (request: FastifyRequest, token: string) => Promise<Session | undefined>;
  readonly startSignIn: (reply: FastifyReply, pending: PendingSignIn) => Promise<void>;
  /** Takes the cookie away as well: one answer of Discord, one use. */
  readonly endSignIn: (request: FastifyRequest, reply: FastifyReply) => Promise<PendingSignIn | undefined>;
};

const maxAgeS = 600;
const pendingContext = ['web-sign-in'];

export function createSessions(options: {
  readonly sealer: Sealer;
  readonly newToken: () => string;
  readonly isSecure: boolean;
}): Sessions {
  const { sealer, newToken, isSecure } = options;
  // With https the prefix makes browsers refuse a cookie that another host or plain http tries to set.
  // RFC 6265bis, section 4.1.3.2
  const prefix = isSecure ? '__Host-' : '';
  const sessionCookie = `${prefix}levergate-session`;
  const pendingCookie = `${prefix}levergate-sign-in`;
  // No script can read them. Lax: they must come along when Discord sends the browser back.
  const attributes = { path: '/', maxAge: maxAgeS, httpOnly: true, sameSite: 'lax', secure: isSecure } as const;

  async function write(reply: FastifyReply, cookie: string, context: readonly string[], data: unknown): Promise<void> {
    const value = Buffer.from(await sealer.seal(context, data)).toString('base64url');
    reply.setCookie(cookie, value, attributes);
  }

  async function open(request: FastifyRequest, cookie: string, context: readonly string[]): Promise<unknown> {
    const value = request.cookies[cookie];
    if (value === undefined) return undefined;
    // A cookie that does not open is no cookie: whoever sent it has to sign in again.
    return sealer.open(context, Buffer.from(value, 'base64url').toString()).catch(() => undefined);
  }

  return {
    start: async (reply, token, user) => {
      const session = { csrf: newToken(), ...(user !== undefined && { user }) };
      await write(reply, sessionCookie, sessionContext(token), session);
      return session;
    },
    read: async (request, token) => {
      const session = sessionSchema.safeParse(await open(request, sessionCookie, sessionContext(token)));
      return session.data;
    },
    startSignIn: (reply, pending) => write(reply, pendingCookie, pendingContext, pending),
    endSignIn: async (request, reply) => {
      reply.setCookie(pendingCookie, '', { ...attributes, maxAge: 0 });
      return pendingSchema.safeParse(await open(request, pendingCookie, pendingContext)).data;
    },
  };
}

function sessionContext(token: string): readonly string[] {
  return ['web-session', createHash('sha256').update(token).digest('base64url')];
}

/** Compares in a time that does not tell where two texts differ. */
export function isSameText(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return first !== undefined && second !== undefined && timingSafeEqual(first, second);
}
