import type { FastifyInstance } from 'fastify';
import { type VenueId, venueFacts } from '../../src/venues/index.ts';
import type { VenueUrl } from '../../src/venues/venue-api.ts';
import type { DemoKey, Exchange, SimulatedVenue } from './exchange.ts';
import { krakenFutures } from './kraken-futures.ts';
import { krakenUnified } from './kraken-unified.ts';
import { mudrex } from './mudrex.ts';

/** The only registry of simulated exchanges: one for each venue of the bot. */
export const simulatedVenues: Readonly<Record<VenueId, SimulatedVenue>> = {
  kraken: krakenUnified,
  mudrex,
  'kraken-futures': krakenFutures,
};

/** A key of the demo with the exchange that it is for. */
export type DemoCredential = DemoKey & { readonly venue: string };

/** Every key of the demo, exchange by exchange. */
export const demoCredentials: readonly DemoCredential[] = Object.entries(simulatedVenues).flatMap(
  ([venue, { demoKeys }]) => demoKeys.map((key) => ({ venue, ...key })),
);

type Facts = (typeof venueFacts)[number];

/** @returns what the bot's own registry says of a venue */
export function factsOf(id: string): Facts {
  const found = venueFacts.find((facts) => facts.id === id);
  if (found === undefined) throw new Error(`no venue ${id}`);
  return found;
}

/** An exchange that is open, with what the registries say of it. */
export type OpenExchange = Exchange & SimulatedVenue & { readonly id: string; readonly facts: Facts };

/** Opens every exchange of the registry, or those that are named. */
export function openExchanges(
  open: (venue: SimulatedVenue) => Exchange,
  wanted?: readonly VenueId[],
): readonly OpenExchange[] {
  return Object.entries(simulatedVenues)
    .filter(([id]) => wanted?.some((one) => one === id) ?? true)
    .map(([id, venue]) => ({ ...venue, ...open(venue), id, facts: factsOf(id) }));
}

/** Mounts each below its own prefix. */
export async function mountExchanges(app: FastifyInstance, exchanges: readonly OpenExchange[]): Promise<void> {
  for (const { plugin, prefix } of exchanges) await app.register(plugin, { prefix });
}

/** Where the requests go of a client of an exchange that is mounted at this origin. */
export function restUrlAt(origin: string, { prefix, basePath }: SimulatedVenue): string {
  return `${origin}${prefix}${basePath}`;
}

/** What the bot takes as the base of that exchange: with a second one where it has sockets. */
export function urlAt(origin: string, venue: SimulatedVenue): VenueUrl {
  const rest = restUrlAt(origin, venue);
  const { socketPrefix } = venue;
  return socketPrefix === undefined ? rest : { rest, socket: `${origin.replace(/^http/, 'ws')}${socketPrefix}` };
}

/** The same of every exchange, by its id. */
export function urlsAt(origin: string): Readonly<Record<string, VenueUrl>> {
  return Object.fromEntries(Object.entries(simulatedVenues).map(([id, venue]) => [id, urlAt(origin, venue)]));
}

/** @throws Error when it is not among them */
export function exchangeOf(exchanges: readonly OpenExchange[], id: VenueId): OpenExchange {
  const found = exchanges.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no exchange ${id}`);
  return found;
}
