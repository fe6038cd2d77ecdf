import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Venue, Venues } from '../leverage/venue.ts';
import { type Link, type Links, tokenPattern } from './links.ts';
import { notePage, type Page } from './page.ts';

/** The link that a request is about, and its venue. */
export type RequestedLink = { readonly token: string; readonly link: Link; readonly venue: Venue };

const paramsSchema = z.object({ token: z.string() });

/** @returns undefined when the link no longer works, or its venue is no longer run. */
export async function findRequested(
  token: string,
  { links, venues }: { readonly links: Pick<Links, 'find'>; readonly venues: Venues },
): Promise<RequestedLink | undefined> {
  const link = await links.find(token);
  const venue = link && venues.get(link.account.venue);
  return venue && { token, link, venue };
}

export function tokenOf(request: FastifyRequest): string {
  return paramsSchema.parse(request.params).token;
}

/** One page for a link that is used, voided, expired, tried too often or was never there. */
export function gonePage(token: string): Page {
  return notePage(tokenPattern.test(token) ? 410 : 404, 'This link no longer works', [
    'Ask for a new one with /keys add in Discord.',
    'A link works once and for ten minutes, for up to five tries, and only until a newer one is made for the same account.',
    'If you have just saved a key here, it is saved: go back to Discord and press “Use this key”.',
  ]);
}
