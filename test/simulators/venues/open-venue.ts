import { createHash, createHmac } from 'node:crypto';
import Fastify, { type FastifyPluginAsync } from 'fastify';
import { z } from 'zod';

/** Serves one simulator on a free loopback port. */
export async function openVenue(plugin: FastifyPluginAsync, prefix: string) {
  const app = Fastify();
  await app.register(plugin, { prefix });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url: `${origin}${prefix}`, close: () => app.close() };
}

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function request(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

const failureSchema = z.object({
  message: z.string(),
  cause: z.object({ code: z.string().optional(), message: z.string().optional() }).optional(),
});

/** The transport's own code for a request that got no whole answer. */
export const transportFailure = async (reply: Promise<Reply>): Promise<string> =>
  reply.then(
    ({ status }) => `answered ${status}`,
    (error: unknown) => {
      const { message, cause } = failureSchema.parse(error);
      return cause?.code ?? message;
    },
  );

export type KrakenCredential = {
  readonly key: string;
  readonly secret: string;
};

export type KrakenCall = {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly body?: string;
  readonly nonce?: string;
  /** What is signed instead of the parameters that are sent. */
  readonly signs?: string;
};

/** Signs and sends as the venue's guide says; written for these tests alone. */
export function krakenCall(url: string, { key, secret }: KrakenCredential, call: KrakenCall): Promise<Reply> {
  const { method = 'GET', path, query = '', body = '', nonce = '', signs = query + body } = call;
  const signedPath = path.startsWith('/derivatives') ? path.slice('/derivatives'.length) : path;
  const digest = createHash('sha256')
    .update(signs + nonce + signedPath)
    .digest();
  const authent = createHmac('sha512', Buffer.from(secret, 'base64')).update(digest).digest('base64');
  const headers = new Headers({ APIKey: key, Authent: authent });
  if (nonce !== '') headers.set('Nonce', nonce);
  if (body !== '') headers.set('Content-Type', 'application/x-www-form-urlencoded');
  const init = body === '' ? { method, headers } : { method, headers, body };
  return request(`${url}${path}${query === '' ? '' : `?${query}`}`, init);
}
