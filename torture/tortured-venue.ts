import { z } from 'zod';
import type { Exchange, Key } from '../simulators/venues/exchange.ts';
import type { FaultInput } from '../simulators/venues/faults.ts';
import type { Shown, Value } from './journal.ts';
import type { Trader } from './people.ts';
import type { Random } from './random.ts';

/** What a request asks of a venue. */
export type Asked = { readonly market: string; readonly currency: string | undefined; readonly value: Value };

/** Faults for reads and writes alike; the others say themselves which calls they are for. */
export type AnyCallFault = Exclude<
  FaultInput,
  { readonly name: 'flaky-read-back' | 'lagging-read-back' | 'no-effect' }
>;

/** How a venue is attacked and overheard: what neither the bot nor its simulator says of it. */
export type TorturedVenue = {
  readonly markets: readonly [string, ...string[]];
  /** The highest leverage that each market allows. */
  readonly highest: Readonly<Record<string, string>>;
  readonly hasCross: boolean;
  /** What a market is at of which the venue keeps no setting. */
  readonly unlisted: Value;
  /** Margin currencies that have a setting each, the default first. */
  readonly currencies: readonly string[];
  /** The label of a second account with the same key, where traders have one. */
  readonly twin: string | undefined;
  /** A trader's key by the names of its fields in the bot. */
  readonly keyOf: (trader: Trader) => Key;
  /** The header that says whose key a request carries, and the field that stands in it. */
  readonly keyIn: { readonly header: string; readonly field: string };
  /** The venue with the traders' accounts: some with positions and orders, so that previews and refusals differ. */
  readonly open: (options: {
    readonly now: () => number;
    readonly traders: readonly Trader[];
    readonly random: Random;
  }) => Exchange;
  readonly refusal: (random: Random) => AnyCallFault;
  /** What else can go wrong with a write here, each with its weight. */
  readonly moreWriteFaults?: readonly (readonly [number, (random: Random) => AnyCallFault])[];
  /** Which settings a GET reads: of one market, of all, or none. */
  readonly readsOf: (url: URL) => { readonly market: string | undefined } | undefined;
  /** What any other request asks the venue to change, where it is one that does. */
  readonly asked: (url: URL, body: unknown) => Asked | undefined;
  /** What an answer says of settings; nothing where it does not. */
  readonly shown: (url: URL, body: unknown) => readonly Shown[];
  /** How it speaks on sockets, where it has any: each frame is JSON, and carries a token that a request was given. */
  readonly frames?: {
    readonly tokenIn: (answer: unknown) => string | undefined;
    /** Whose token a frame carries, whatever it asks for. */
    readonly tokenOf: (frame: unknown) => string | undefined;
    readonly asked: (frame: unknown) => (Asked & { readonly id: unknown }) | undefined;
    /** Which change a frame answers. */
    readonly answered: (frame: unknown) => { readonly id: unknown; readonly isAccepted: boolean } | undefined;
    /** What a frame says of settings. */
    readonly shown: (frame: unknown) => readonly Shown[];
  };
};

/** A number as venues write it. */
export const decimal = z.union([z.number(), z.string()]);
