import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Venues } from '../leverage/venue.ts';
import type { Log } from '../log.ts';
import { signInPath } from './link-page.ts';
import { findTarget, gonePage, type Target, tokenOf } from './link-target.ts';
import { strangerPage } from './link-views.ts';
import type { Link, Links } from './links.ts';
import { notePage, type Page, sendPage } from './page.ts';
import { isSameText, type PendingSignIn, type Sessions } from './sessions.ts';
import type { SignedIn, SignIn } from './sign-in.ts';

const answerSchema = z.object({ state: z.string(), code: z.string().min(1).exactOptional() });

/** Where Discord sends the browser back to; to be registered in the developer portal. */
export const redirectPath = '/sign-in';

/**
 * Serves *Continue with Discord*: it opens a link to its own user and to nobody else.
 *
 * @param options.onStranger - Told when another user signed in for a link, the first time only.
 */
export function serveSignIn(
  app: FastifyInstance,
  options: {
    readonly signIn: SignIn;
    readonly links: Links;
    readonly venues: Venues;
    readonly sessions: Sessions;
    readonly newToken: () => string;
    readonly onStranger: (link: Link) => Promise<void>;
    readonly log: Log;
  },
): void {
  const { signIn, links, sessions, newToken, onStranger, log } = options;

  app.get('/link/:token/sign-in', async (request, reply) => {
    const target = await findTarget(tokenOf(request), options);
    if (target === undefined) return sendPage(reply, gonePage(tokenOf(request)));
    const pending = { token: target.token, state: newToken(), verifier: newToken() };
    const url = signIn.authorizeUrl(pending);
    if (url === undefined) return sendPage(reply, unreachablePage());
    await sessions.startSignIn(reply, pending);
    return reply.redirect(url, 303);
  });

  app.get(redirectPath, async (request, reply) => {
    const pending = await sessions.endSignIn(request, reply);
    const answer = answerSchema.safeParse(request.query).data;
    if (pending === undefined || answer === undefined || !isSameText(answer.state, pending.state)) {
      return sendPage(reply, unknownSignInPage());
    }
    const target = await findTarget(pending.token, options);
    if (target === undefined) return sendPage(reply, gonePage(pending.token));
    const refusal = await refuse(target, await identify(answer.code, pending));
    if (refusal !== undefined) return sendPage(reply, refusal);
    await sessions.start(reply, target.token, target.link.account.user);
    return reply.redirect(`/link/${target.token}`, 303);
  });

  async function identify(code: string | undefined, { verifier }: PendingSignIn): Promise<SignedIn | 'cancelled'> {
    return code === undefined ? 'cancelled' : signIn.identify(code, verifier);
  }

  /** @returns undefined for the link's own user, and only then. */
  async function refuse({ token, link }: Target, signedIn: SignedIn | 'cancelled'): Promise<Page | undefined> {
    if (signedIn === 'cancelled') return cancelledPage();
    if (signedIn.kind === 'unreachable') return unreachablePage();
    if (signedIn.kind === 'refused') {
      log.warn({ status: signedIn.status }, 'Discord refused a sign-in; check DISCORD_CLIENT_SECRET and the redirect');
      return unknownSignInPage();
    }
    if (signedIn.id === link.account.user) return undefined;
    log.warn({ venue: link.account.venue }, 'a link was opened by another user');
    await tellOwner(token, link).catch((error: unknown) =>
      log.error({ error }, 'the owner of a link could not be told'),
    );
    return strangerPage(signedIn.name, signInPath(token));
  }

  /** Once for each link: a stranger who signs in again and again must not fill the owner's channel. */
  async function tellOwner(token: string, link: Link): Promise<void> {
    if (await links.noteStranger(token)) await onStranger(link);
  }
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
