import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { explain } from '../messages.ts';
import { notePage, type Page, sendPage } from './page.ts';

const requestErrorSchema = z.object({ statusCode: z.number().min(400).max(499) });

/** Every way to fail ends in a page that tells nothing of the inside; what nobody foresaw is logged by a reference. */
export function handleErrors(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler((_request, reply) =>
    sendPage(reply, notePage(404, 'There is nothing here', ['Open the link that the bot gave you in Discord.'])),
  );
  app.setErrorHandler((error, _request, reply) => sendPage(reply, errorPage(error, log)));
}

function errorPage(error: unknown, log: Log): Page {
  const status = requestErrorSchema.safeParse(error).data?.statusCode;
  if (status === 429) return notePage(429, 'Too many requests', ['Wait a minute, then try again.']);
  if (status !== undefined) {
    return notePage(status, 'This request cannot be read', ['Nothing was saved. Open the link from Discord again.']);
  }
  const reference = randomBytes(4).toString('hex');
  log.error({ error, reference }, 'a web request failed');
  const { what, next } = error instanceof Failure ? explain(error.data) : unexpected(reference);
  return notePage(error instanceof Failure ? 503 : 500, what, [next]);
}

function unexpected(reference: string): { readonly what: string; readonly next: string } {
  return {
    what: 'Something went wrong inside the bot',
    next: `Look in Discord with /keys list what is saved. If you tell the operator, name this reference: ${reference}`,
  };
}
