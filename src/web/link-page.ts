import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { unreachable } from '../errors.ts';
import { moveSteps, newKeyObstacle, successorOf } from '../leverage/retirement.ts';
import type { Venues } from '../leverage/venue.ts';
import { formPage, noNewKeysPage, riskButton, savedPage, signInPage, spentPage } from './link-views.ts';
import type { Links } from './links.ts';
import { isLocalRequest } from './local.ts';
import { notePage, type Page, sendPage } from './page.ts';
import { findRequested, gonePage, type RequestedLink, tokenOf } from './requested-link.ts';
import { isSameText, type Session, type Sessions } from './sessions.ts';
import type { Submission, Submit, Typed } from './submission.ts';

const formSchema = z.record(z.string(), z.string().trim());

type Form = { readonly csrf: string; readonly typed: Typed; readonly isRiskTaken: boolean };

type LinkPageContext = {
  readonly links: Pick<Links, 'find'>;
  readonly venues: Venues;
  readonly sessions: Sessions;
  readonly submit: Submit;
  /** True without a sign-in: then only browsers on this machine may open it. */
  readonly isLocal: boolean;
};

/** Serves the page on which a key is entered. */
export function serveLinkPage(app: FastifyInstance, context: LinkPageContext): void {
  app.get('/link/:token', async (request, reply) =>
    sendPage(reply, await pageOf(context, request, (requested) => showForm(context, requested, request, reply))),
  );
  app.post('/link/:token', async (request, reply) =>
    sendPage(reply, await pageOf(context, request, (requested) => takeForm(context, requested, request))),
  );
}

/** @param answer - What is shown where the link works and may be opened. */
async function pageOf(
  context: LinkPageContext,
  request: FastifyRequest,
  answer: (requested: RequestedLink) => Promise<Page>,
): Promise<Page> {
  if (context.isLocal && !isLocalRequest(request)) return elsewherePage();
  const requested = await findRequested(tokenOf(request), context);
  if (requested === undefined) return gonePage(tokenOf(request));
  const obstacle = newKeyObstacle(context.venues, requested.venue);
  return obstacle === undefined ? answer(requested) : noNewKeysPage(obstacle);
}

async function showForm(
  context: LinkPageContext,
  requested: RequestedLink,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Page> {
  const { token, venue } = requested;
  const { isLocal } = context;
  const known = await readSession(context, request, requested);
  if (known === undefined && !isLocal) return signInPage(venue, signInPath(token));
  const { csrf } = known ?? (await context.sessions.start(reply, token));
  return formPage({ ...requested, ...movesOf(context, requested), csrf, isLocal });
}

async function takeForm(context: LinkPageContext, requested: RequestedLink, request: FastifyRequest): Promise<Page> {
  const { token, venue } = requested;
  const session = await readSession(context, request, requested);
  const form = readForm(request, requested);
  if (session === undefined || form === undefined || !isSameText(form.csrf, session.csrf)) return sessionOverPage();
  const { typed, isRiskTaken } = form;
  const submission = await context.submit({ token, venue, typed, isRiskTaken });
  const again = { ...movesOf(context, requested), csrf: session.csrf, isLocal: context.isLocal, typed };
  return pageAfter(submission, requested, again);
}

/** What the page says of an exchange whose API ends. */
function movesOf({ venues }: LinkPageContext, { venue }: RequestedLink): { readonly moves: readonly string[] } {
  return { moves: moveSteps(venue, successorOf(venues, venue)) };
}

/** With a sign-in, only a session of the link's own user counts. */
async function readSession(
  { sessions, isLocal }: LinkPageContext,
  request: FastifyRequest,
  { token, link }: RequestedLink,
): Promise<Session | undefined> {
  const session = await sessions.read(request, token);
  return isLocal || session?.user === link.account.user ? session : undefined;
}

export function signInPath(token: string): string {
  return `/link/${token}/sign-in`;
}

/** @returns undefined for a form that this page did not send, such as one from another site. */
function readForm(request: FastifyRequest, { venue }: RequestedLink): Form | undefined {
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
  requested: RequestedLink,
  again: {
    readonly csrf: string;
    readonly isLocal: boolean;
    readonly moves: readonly string[];
    readonly typed: Typed;
  },
): Page {
  const { token, venue } = requested;
  switch (submission.kind) {
    case 'saved':
      return savedPage(submission.saved, venue);
    case 'gone':
      return gonePage(token);
    case 'malformed':
      return formPage({ ...requested, ...again, problem: submission });
    case 'refused':
    case 'unchecked':
    case 'undecided':
      if (submission.triesLeft === 0) return spentPage(submission.failure);
      return formPage({ ...requested, ...again, problem: submission });
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
