import type { FaultInput } from './faults.ts';
import type { Lever, Levers } from './levers.ts';
import type { Pipeline } from './pipeline.ts';
import type { WriteLogEntry } from './write-log.ts';

/** What an exchange stores for one market of an account. */
export type Setting = {
  readonly market: string;
  readonly mode: 'isolated';
  /** Decimal text; 5 means 5x. */
  readonly leverage: string;
  /** Only where the exchange keeps one setting for each currency. */
  readonly currency?: string;
};

export type Position = {
  readonly market: string;
  readonly side: 'long' | 'short';
  readonly size: string;
  readonly entryPrice: string;
  /** Only where a position keeps its own. */
  readonly leverage?: string;
};

export type Market = { readonly symbol: string; readonly max: string };

/** What may be seen and moved at every simulated exchange behind the bot's back, in words that all of them share. */
export type Controls = {
  /** Every write that was carried out, oldest first. */
  readonly writes: readonly WriteLogEntry[];
  readonly writeCount: (account?: string) => number;
  readonly settings: (account: string) => readonly Setting[];
  readonly positions: (account: string) => readonly Position[];
  /** Those whose leverage can be set. */
  readonly markets: () => readonly Market[];
  /** Moves a setting as the exchange's own app would; not counted as a write. Undefined is what an unlisted market has. */
  readonly set: (account: string, market: string, leverage: string | undefined, currency?: string) => void;
  readonly setBounds: (market: string, bounds: { readonly max: string }) => void;
  /** Every key of the account is refused from now on, or no longer. */
  readonly setExpired: (account: string, isExpired: boolean) => void;
  /** A small long position in this market, and nothing else. */
  readonly openPosition: (account: string, market: string) => void;
  /** A small order to buy in this market, and nothing else. */
  readonly openOrder: (account: string, market: string) => void;
};

/** An exchange that is open; those whose pages leave much open have levers. */
export type Exchange = Pipeline & Controls & { readonly levers?: Levers };

/** A made-up key by the names of its fields in the bot. */
export type Key = Readonly<Record<string, string>>;

export type OpenOptions = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether calls are counted against the limits that the exchange publishes; they are unless told. */
  readonly limits?: 'published' | 'none';
  /** Called whenever something happened on a socket; requests are seen by the server that they are mounted at. */
  readonly changed?: () => void;
};

/** The people of the demo, by the Discord user ids the caller gives them. Carol is the administrator. */
export type DemoPeople = { readonly alice: string; readonly bob: string; readonly carol: string };
export type DemoPerson = keyof DemoPeople;
export const demoPeople = ['alice', 'bob', 'carol'] as const satisfies readonly DemoPerson[];

/** A key of the demo to copy into the link page, with what to expect of it. */
export type DemoKey = {
  /** Whose it is; `nobody` for a key the exchange does not know. */
  readonly person: DemoPerson | 'nobody';
  readonly label: string;
  readonly expect: string;
  /** Where the exchange's keys have two parts. */
  readonly key?: string;
  readonly secret: string;
};

/** A documented error that the exchange can be made to answer. */
export type Refusal = { readonly title: string; readonly fault: Extract<FaultInput, { name: 'refused' }> };

/** An exchange as it can be simulated on this machine, beside what the bot's own facts say of it. */
export type SimulatedVenue = {
  /** Its label for where there is little room. */
  readonly shortLabel: string;
  /** Where it is mounted. */
  readonly prefix: string;
  /** Below the prefix: what a client takes as its base URL. */
  readonly basePath: string;
  /** Where its sockets are on the same origin, if it has any. */
  readonly socketPrefix?: string;
  /** The symbol of bitcoin's main contract. */
  readonly bitcoin: string;
  readonly refusals: readonly Refusal[];
  readonly leverList?: readonly Lever[];
  /** Always the same for the same name, and another one for another. */
  readonly keyOf: (name: string) => Key;
  /** With these accounts, which hold nothing yet. */
  readonly open: (options: OpenOptions & { readonly accounts: readonly Account[] }) => Exchange;
  /** With an account for everybody in the demo: settings, positions, orders, and keys of every kind. */
  readonly openDemo: (options: OpenOptions & { readonly people: DemoPeople }) => Exchange;
  readonly demoKeys: readonly DemoKey[];
};

/** An account that one key opens. */
export type Account = { readonly id: string; readonly key: Key };

/** For a simulator, which counts against what it was given. */
export function limitsOf(limits: OpenOptions['limits']): { readonly limits?: readonly [] } {
  return limits === 'none' ? { limits: [] } : {};
}
