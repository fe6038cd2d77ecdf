import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../secret.ts';

const deadlineMs = 5000;
const mostBytes = 64 * 1024;

const tokenSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z.string().regex(/^bearer$/i),
});
const userSchema = z.object({ id: z.string(), username: z.string() });

export type SignedIn =
  /** `name` is the unique user name. */
  | { readonly kind: 'user'; readonly id: string; readonly name: string }
  /** Discord did not accept the code: it was used, is too old, or the client secret is wrong. */
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unreachable' };

/** *Continue with Discord*: OAuth2 authorization code with PKCE, scope `identify`. */
export type DiscordSignIn = {
  /** Discord's API without a version, for example `https://discord.com/api`. */
  readonly discordApi: string;
  /** Undefined until Discord told it. */
  readonly applicationId: () => string | undefined;
  readonly clientSecret: Secret;
  readonly redirectUrl: string;
};

/**
 * Where the browser goes.
 *
 * @returns undefined until the application's id is known.
 * @see https://discord.com/.well-known/oauth-authorization-server (endpoints, S256)
 */
export function authorizeUrl(
  { discordApi, applicationId, redirectUrl }: DiscordSignIn,
  { state, verifier }: { readonly state: string; readonly verifier: string },
): string | undefined {
  const clientId = applicationId();
  if (clientId === undefined) return undefined;
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    scope: 'identify',
    redirect_uri: redirectUrl,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return `${discordApi}/oauth2/authorize?${query}`;
}

/** Trades the code for who signed in. The access token is used once and forgotten. */
export async function identify(discord: DiscordSignIn, code: string, verifier: string): Promise<SignedIn> {
  const traded = await tradeCode(discord, code, verifier);
  if (traded.kind !== 'ok') return traded;
  const token = tokenSchema.safeParse(traded.body);
  if (!token.success) return { kind: 'unreachable' };
  const headers = { authorization: `Bearer ${token.data.access_token}` };
  const me = await request(`${discord.discordApi}/v10/users/@me`, { headers });
  if (me.kind !== 'ok') return me;
  const user = userSchema.safeParse(me.body);
  if (!user.success) return { kind: 'unreachable' };
  return { kind: 'user', id: user.data.id, name: user.data.username };
}

function tradeCode(discord: DiscordSignIn, code: string, verifier: string): Promise<Reply> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: discord.applicationId() ?? '',
    client_secret: discord.clientSecret.reveal(),
    code,
    redirect_uri: discord.redirectUrl,
    code_verifier: verifier,
  });
  return request(`${discord.discordApi}/oauth2/token`, { method: 'POST', body });
}

type Reply =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unreachable' };

/** One request to Discord; the secrets in it never follow a redirect. */
async function request(url: string, init: RequestInit): Promise<Reply> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(deadlineMs) });
    const text = await readText(response);
    if (response.status >= 500) return { kind: 'unreachable' };
    return response.ok ? { kind: 'ok', body: JSON.parse(text) } : { kind: 'refused', status: response.status };
  } catch {
    // Refused connection, timeout, redirect, a body that is too long or no JSON: all the same for who waits.
    return { kind: 'unreachable' };
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > mostBytes) throw new RangeError('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
