import type { KrakenInstrument } from './kraken-instruments.ts';
import type { FuturesPermission, UnifiedAccount } from './kraken-unified-state.ts';
import type { UnifiedSwitches } from './kraken-unified-switches.ts';
import type { Tokens } from './kraken-unified-tokens.ts';
import type { WriteLogEntry } from './write-log.ts';

export type SystemStatus = 'online' | 'cancel_only' | 'maintenance' | 'post_only';

/** What the `status` channel tells; `upcoming_maintenance` and `emergency` come together or not at all. */
export type UnifiedStatus = { readonly system: SystemStatus; readonly upcoming: readonly object[] };

/** The venue's state; the simulator changes it, REST and sockets read it. */
export type UnifiedWorld = {
  instruments: readonly KrakenInstrument[];
  readonly accounts: readonly UnifiedAccount[];
  readonly switches: UnifiedSwitches;
  readonly tokens: Tokens;
  status: UnifiedStatus;
  /** Whether calls, messages and connections are counted. */
  readonly isLimited: boolean;
  /** Until when addresses are banned for connecting too often. */
  readonly bannedUntil: Map<string, number>;
  record(entry: WriteLogEntry): void;
};

/** What can be seen and moved here beyond what all exchanges have. */
export type UnifiedControls = {
  /** What is not documented, and can be one way or the other. */
  readonly switches: UnifiedSwitches;
  /** Told to every connection; maintenance closes them, and refuses everything until it is over. */
  readonly setStatus: (status: Partial<UnifiedStatus>) => void;
  readonly setFutures: (account: string, permission: FuturesPermission) => void;
  /** Ends the tokens of an account in mid-session. */
  readonly revokeTokens: (account: string) => void;
  /** Closes every socket with a code; without one the connections just break. */
  readonly dropConnections: (code?: number) => void;
  /** Sockets that are open. */
  readonly openConnections: () => number;
  /** Upgrades that were asked for, refused ones included. */
  readonly connectAttempts: () => number;
};
