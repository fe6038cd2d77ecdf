import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Venues } from '../leverage/venue.ts';
import type { Log } from '../log.ts';
import { signInPath } from './link-page.ts';
import { strangerPage } from './link-views.ts';
import type { Link, Links } from './links.ts';
import { notePage, type Page, sendPage } from './page.ts';
import { findRequested, gonePage, type RequestedLink, tokenOf } from './requested-link.ts';
import { isSameText, type Sessions } from './sessions.ts';
import { authorizeUrl, type DiscordSignIn, identify, type SignedIn } from './sign-in.ts';

const answerSchema = z.object({ state: z.string(), code: z.string().min(1).exactOptional() });

/** Where Discord sends the browser back to; to be registered in the developer portal. */
export const redirectPath = '/sign-in';

type SignInContext = {
  readonly discord: DiscordSignIn;
  readonly links: Pick<Links, 'find' | 'noteStranger'>;
  readonly venues: Venues;
  readonly sessions: Sessions;
  readonly newToken: () => string;
  /** Told when another user signed in for a link, the first time only. */
  readonly onStranger: (link: Link) => Promise<void>;
  readonly log: Log;
};

/** Serves *Continue with Discord*: it opens a link to its own user and to nobody else. */
export function serveSignIn(app: FastifyInstance, context: SignInContext): void {
  app.get('/link/:token/sign-in', (request, reply) => sendToDiscord(context, request, reply));
  app.get(redirectPath, (request, reply) => takeAnswer(context, request, reply));
}

async function sendToDiscord(
  context: SignInContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const requested = await findRequested(tokenOf(request), context);
  if (requested === undefined) return sendPage(reply, gonePage(tokenOf(request)));
  const pending = { token: requested.token, state: context.newToken(), verifier: context.newToken() };
  const url = authorizeUrl(context.discord, pending);
  if (url === undefined) return sendPage(reply, unreachablePage());
  await context.sessions.startSignIn(reply, pending);
  return reply.redirect(url, 303);
}

async function takeAnswer(context: SignInContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { sessions } = context;
  const pending = await sessions.endSignIn(request, reply);
  const answer = answerSchema.safeParse(request.query).data;
  if (pending === undefined || answer === undefined || !isSameText(answer.state, pending.state)) {
    return sendPage(reply, unknownSignInPage());
  }
  const requested = await findRequested(pending.token, context);
  if (requested === undefined) return sendPage(reply, gonePage(pending.token));
  if (answer.code === undefined) return sendPage(reply, cancelledPage());
  const signedIn = await identify(context.discord, answer.code, pending.verifier);
  const refusal = await refuse(context, requested, signedIn);
  if (refusal !== undefined) return sendPage(reply, refusal);
  await sessions.start(reply, requested.token, requested.link.account.user);
  return reply.redirect(`/link/${requested.token}`, 303);
}

/** @returns undefined for the link's own user, and only then. */
async function refuse(
  { links, onStranger, log }: SignInContext,
  { token, link }: RequestedLink,
  signedIn: SignedIn,
): Promise<Page | undefined> {
  if (signedIn.kind === 'unreachable') return unreachablePage();
  if (signedIn.kind === 'refused') {
    log.warn({ status: signedIn.status }, 'Discord refused a sign-in; check DISCORD_CLIENT_SECRET and the redirect');
    return unknownSignInPage();
  }
  if (signedIn.id === link.account.user) return undefined;
  log.warn({ venue: link.account.venue }, 'a link was opened by another user');
  try {
    // Once for each link: a stranger who signs in again and again must not fill the owner's channel.
    if (await links.noteStranger(token)) await onStranger(link);
  } catch (error) {
    log.error({ error }, 'the owner of a link could not be told');
  }
  return strangerPage(signedIn.name, signInPath(token));
}

function unknownSignInPage(): Page {
  return notePage(403, 'This sign-in cannot be used', [
    'It does not belong to this browser, or it was used before. Nothing was saved.',
    'Open the link from Discord again and continue from there.',
  ]);
}

function cancelledPage(): Page {
  return notePage(403, 'You did not sign in', [
    'Without it the bot cannot tell whose link this is. Nothing was saved.',
    'Open the link from Discord again when you want to go on.',
  ]);
}

function unreachablePage(): Page {
  return notePage(503, 'Discord could not be asked', [
    'The bot could not find out who you are. Nothing was saved.',
    'Wait a moment, then open the link from Discord again.',
  ]);
}
