import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Person } from '../model.ts';
import { refused, send, toCall } from '../rest/http.ts';
import type { World } from '../world.ts';
import type { OAuth } from './oauth.ts';

// Written out, because a server's own form-action policy would stop the redirect that follows the choice.
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'",
};
const decision = z.object({ person: z.string().optional() });

/** Serves `/oauth2/authorize`: a page on which one chooses whom to be, or cancels. */
export function serveSignIn(app: FastifyInstance, { oauth, world }: { oauth: OAuth; world: World }): void {
  app.get('/oauth2/authorize', async (request, reply) => answer(request, reply, () => page(world.people())));
  app.post('/oauth2/authorize', async (request, reply) => answer(request, reply, undefined));

  function answer(request: FastifyRequest, reply: FastifyReply, draw: (() => string) | undefined): FastifyReply {
    const call = toCall(request);
    try {
      const asked = oauth.read(call.query);
      if ('redirect' in asked) return reply.redirect(asked.redirect, 303);
      if (draw !== undefined) return reply.headers(pageHeaders).send(draw());
      const { person } = decision.parse(call.body);
      if (person === undefined) return reply.redirect(oauth.cancel(asked.show), 303);
      return reply.redirect(oauth.approve(asked.show, world.person(person)), 303);
    } catch (error) {
      return send(reply, refused(error));
    }
  }
}

// The form has no action: it posts to its own address, query included.
function page(people: readonly Person[]): string {
  const choices = people.map(({ id, username, globalName }) => {
    const name = escapeHtml(globalName ?? username);
    return `<p><button name="person" value="${escapeHtml(id)}">Authorize as ${name}</button></p>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize</title>
<main><h1>Loopback Discord</h1><p>An application wants to know your username.</p>
<form method="post">${choices.join('')}<p><button name="cancel" value="1">Cancel</button></p></form></main></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
