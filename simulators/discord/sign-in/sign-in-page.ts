import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Person } from '../model.ts';
import { refused, send, toCall } from '../rest/http.ts';
import type { World } from '../world.ts';
import type { OAuth } from './oauth.ts';

const style = `
:root { color-scheme: dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #1e1f22; color: #dbdee1;
  font: 16px/1.4 "gg sans", "Noto Sans", "Helvetica Neue", Helvetica, Arial, sans-serif }
main { box-sizing: border-box; width: min(440px, 100vw); padding: 32px; border-radius: 8px; background: #313338 }
h1 { margin: 0 0 8px; font-size: 22px; color: #f2f3f5 }
p { margin: 0 0 16px; color: #b5bac1 }
form p { margin: 0 0 8px }
button { width: 100%; padding: 11px; border: 0; border-radius: 4px; background: #5865f2; color: #fff;
  font: inherit; font-weight: 500; cursor: pointer }
button:hover { background: #4752c4 }
button[name="cancel"] { background: none; color: #dbdee1 }
button:focus-visible { outline: 3px solid #a8c7ff; outline-offset: 2px }
`;
const styleHash = createHash('sha256').update(style).digest('base64');

// Written out, because a server's own form-action policy would stop the redirect that follows the choice.
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'`,
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
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style>
<main><h1>Loopback Discord</h1><p>Levergate wants to know who you are: your id and username, nothing else.
This is not Discord: be whom you like.</p>
<form method="post">${choices.join('')}<p><button name="cancel" value="1">Cancel</button></p></form></main></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
