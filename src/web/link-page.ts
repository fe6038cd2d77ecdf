import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { unreachable } from '../errors.ts';
import type { Venues } from '../leverage/venue.ts';
import { findTarget, gonePage, type Target, tokenOf } from './link-target.ts';
import { formPage, riskButton, savedPage, signInPage, spentPage } from './link-views.ts';
import type { Links } from './links.ts';
import { isLocalRequest } from './local.ts';
import { notePage, type Page, sendPage } from './page.ts';
import { isSameText, type Session, type Sessions } from './sessions.ts';
import type { Submission, Submit, Typed } from './submission.ts';

const formSchema = z.record(z.string(), z.string().trim());

type Form = { readonly csrf: string; readonly typed: Typed; readonly isRiskTaken: boolean };

/**
 * Serves the page on which a key is entered.
 *
 * @param options.isLocal - True without a sign-in: then only browsers on this machine may open it.
 */
export function serveLinkPage(
  app: FastifyInstance,
  options: {
    readonly links: Links;
    readonly venues: Venues;
    readonly sessions: Sessions;
    readonly submit: Submit;
    readonly isLocal: boolean;
  },
): void {
  const { sessions, submit, isLocal } = options;
  const isElsewhere = (request: FastifyRequest) => isLocal && !isLocalRequest(request);

  app.get('/link/:token', async (request, reply) => {
    if (isElsewhere(request)) return sendPage(reply, elsewherePage());
    const target = await findTarget(tokenOf(request), options);
    if (target === undefined) return sendPage(reply, gonePage(tokenOf(request)));
    const known = await readSession(request, target);
    if (known === undefined && !isLocal) return sendPage(reply, signInPage(target.venue, signInPath(target.token)));
    const { csrf } = known ?? (await sessions.start(reply, target.token));
    return sendPage(reply, formPage({ ...target, csrf, isLocal }));
  });

  app.post('/link/:token', async (request, reply) => {
    if (isElsewhere(request)) return sendPage(reply, elsewherePage());
    const target = await findTarget(tokenOf(request), options);
    if (target === undefined) return sendPage(reply, gonePage(tokenOf(request)));
    const session = await readSession(request, target);
    const form = readForm(request, target);
    if (session === undefined || form === undefined || !isSameText(form.csrf, session.csrf)) {
      return sendPage(reply, sessionOverPage());
    }
    const submission = await submit(target.token, target.venue, form.typed, form.isRiskTaken);
    return sendPage(reply, pageAfter(submission, target, { csrf: session.csrf, isLocal, typed: form.typed }));
  });

  /** With a sign-in, only a session of the link's own user counts. */
  async function readSession(request: FastifyRequest, { token, link }: Target): Promise<Session | undefined> {
    const session = await sessions.read(request, token);
    return isLocal || session?.user === link.account.user ? session : undefined;
  }
}

export function signInPath(token: string): string {
  return `/link/${token}/sign-in`;
}

/** @returns undefined for a form that this page did not send, such as one from another site. */
function readForm(request: FastifyRequest, { venue }: Target): Form | undefined {
  // Browsers that send it tell the truth; the CSRF token decides where it is missing.
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return undefined;
  const body = formSchema.safeParse(request.body);
  if (!body.success) return undefined;
  const typed = venue.credentialFields.map(({ name }) => [name, body.data[name] ?? ''] as const);
  const isRiskTaken = body.data[riskButton.name] === riskButton.value;
  return { csrf: body.data.csrf ?? '', typed: Object.fromEntries(typed), isRiskTaken };
}

function pageAfter(
  submission: Submission,
  target: Target,
  again: { readonly csrf: string; readonly isLocal: boolean; readonly typed: Typed },
): Page {
  const { token, venue } = target;
  switch (submission.kind) {
    case 'saved':
      return savedPage(submission.saved, venue);
    case 'gone':
      return gonePage(token);
    case 'malformed':
      return formPage({ ...target, ...again, problem: submission });
    case 'refused':
    case 'unchecked':
    case 'undecided':
      if (submission.triesLeft === 0) return spentPage(submission.failure);
      return formPage({ ...target, ...again, problem: submission });
    default:
      return unreachable(submission);
  }
}

function elsewherePage(): Page {
  return notePage(403, 'This page works on the bot’s own machine only', [
    'The bot has no public address, so its links open only in a browser on the machine that it runs on.',
    'Its operator can set PUBLIC_URL to open them to everybody who signs in with Discord.',
  ]);
}

function sessionOverPage(): Page {
  return notePage(403, 'Please open the link again', [
    'This form is not from your current session, so nothing was checked or saved.',
    'Open the link from Discord again, in a browser that keeps cookies, and enter the key there.',
  ]);
}
