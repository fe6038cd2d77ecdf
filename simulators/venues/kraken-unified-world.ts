import type { KrakenInstrument } from './kraken-instruments.ts';
import type { UnifiedAccount } from './kraken-unified-state.ts';
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
  record(entry: WriteLogEntry): void;
};
