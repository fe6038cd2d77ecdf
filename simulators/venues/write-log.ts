/** A write that the venue carried out. */
export type WriteLogEntry = {
  /** Milliseconds since the epoch, by the simulator's clock. */
  readonly at: number;
  readonly account: string;
  readonly market: string;
  /** Mudrex keeps a setting per trade currency; Kraken has none. */
  readonly currency: string | undefined;
  readonly mode: 'isolated' | 'cross';
  /** Decimal text; undefined in cross margin. */
  readonly leverage: string | undefined;
};

/** Those of one account, or all of them. */
export function countWrites(writes: readonly WriteLogEntry[], account: string | undefined): number {
  return account === undefined ? writes.length : writes.filter((entry) => entry.account === account).length;
}
