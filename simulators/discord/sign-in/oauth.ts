import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Person } from '../model.ts';
import { Refusal, unauthorized } from '../refusal.ts';
import type { Answer, Call } from '../rest/http.ts';
import type { World } from '../world.ts';

const CODE_LIVES_MS = 10 * 60_000;
const TOKEN_LIVES_MS = 7 * 24 * 60 * 60_000;

type Grant = {
  readonly userId: string;
  readonly redirectUri: string;
  readonly challenge: string | undefined;
  readonly until: number;
};
type Access = { readonly userId: string; readonly until: number };
/** A sign-in request that Discord would show to a person. */
type SignIn = {
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly challenge: string | undefined;
};
export type OAuth = ReturnType<typeof createOAuth>;

const tokenForm = z.object({
  grant_type: z.string(),
  code: z.string().optional(),
  redirect_uri: z.string().optional(),
  code_verifier: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});

/** OAuth2 with authorization codes and PKCE, as far as `identify` needs it. */
export function createOAuth(options: {
  readonly now: () => number;
  readonly newSecret: () => string;
  readonly applicationId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly world: World;
}) {
  const { now, newSecret, applicationId, clientSecret, redirectUris, world } = options;
  const grants = new Map<string, Grant>();
  const accesses = new Map<string, Access>();

  function isClient(call: Call, form: z.infer<typeof tokenForm>): boolean {
    const [id = '', secret = ''] = basic(call.authorization) ?? [form.client_id, form.client_secret];
    return id === applicationId && same(secret, clientSecret);
  }

  function redeem(form: z.infer<typeof tokenForm>): Answer {
    const grant = grants.get(form.code ?? '');
    grants.delete(form.code ?? '');
    if (grant === undefined || now() > grant.until) return oauthError('invalid_grant', 'Invalid "code" in request.');
    if (grant.redirectUri !== form.redirect_uri)
      return oauthError('invalid_grant', 'Invalid "redirect_uri" in request.');
    if (grant.challenge !== undefined && challengeOf(form.code_verifier ?? '') !== grant.challenge) {
      return oauthError('invalid_grant', 'Invalid "code_verifier" in request.');
    }
    const token = newSecret();
    accesses.set(token, { userId: grant.userId, until: now() + TOKEN_LIVES_MS });
    const lifetime = { expires_in: TOKEN_LIVES_MS / 1000, refresh_token: newSecret() };
    return { status: 200, body: { access_token: token, token_type: 'Bearer', scope: 'identify', ...lifetime } };
  }

  return {
    /** Reads the query of `/oauth2/authorize`: something to show, or somewhere to send the browser at once. */
    read(query: Call['query']): { readonly show: SignIn } | { readonly redirect: string } {
      if (query.client_id !== applicationId) throw new Refusal(404, 10002, 'Unknown Application');
      const redirectUri = query.redirect_uri ?? '';
      if (!redirectUris.includes(redirectUri) && !isLoopback(redirectUri)) {
        throw new Refusal(400, 50035, 'Invalid OAuth2 redirect_uri');
      }
      const { state, code_challenge: challenge } = query;
      const back = (error: string) => ({ redirect: withQuery(redirectUri, { error, state }) });
      if (query.response_type !== 'code') return back('unsupported_response_type');
      if (query.scope !== 'identify') return back('invalid_scope');
      if (challenge !== undefined && query.code_challenge_method !== 'S256') return back('invalid_request');
      if (challenge !== undefined && !/^[\w-]{43}$/.test(challenge)) return back('invalid_request');
      return { show: { redirectUri, state, challenge } };
    },
    approve({ redirectUri, state, challenge }: SignIn, { id }: Person): string {
      const code = newSecret();
      grants.set(code, { userId: id, redirectUri, challenge, until: now() + CODE_LIVES_MS });
      return withQuery(redirectUri, { code, state });
    },
    cancel({ redirectUri, state }: SignIn): string {
      const error_description = 'The resource owner or authorization server denied the request';
      return withQuery(redirectUri, { error: 'access_denied', error_description, state });
    },
    /** `POST /oauth2/token` */
    token(call: Call): Answer {
      const form = tokenForm.safeParse(call.body);
      if (!form.success) return oauthError('invalid_request', 'Missing "grant_type" in request.');
      if (!isClient(call, form.data)) return { status: 401, body: { error: 'invalid_client' } };
      if (form.data.grant_type !== 'authorization_code') {
        return oauthError('unsupported_grant_type', 'Only authorization_code is supported here.');
      }
      return redeem(form.data);
    },
    /** The person behind `Authorization: Bearer …`. */
    bearer(authorization: string): Person {
      const access = accesses.get(/^Bearer (.+)$/.exec(authorization)?.[1] ?? '');
      if (access === undefined || now() > access.until) throw unauthorized();
      return world.person(access.userId);
    },
  };
}

function basic(authorization: string): string[] | undefined {
  const encoded = /^Basic (.+)$/.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  return [decodeURIComponent(id), decodeURIComponent(secret.join(':'))];
}

function same(left: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

function withQuery(uri: string, values: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(uri);
  for (const [key, value] of Object.entries(values)) if (value !== undefined) url.searchParams.set(key, value);
  return url.href;
}

function oauthError(error: string, error_description: string): Answer {
  return { status: 400, body: { error, error_description } };
}
