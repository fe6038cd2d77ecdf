/**
 * Authenticated encryption of plain data, bound to a context (kind, user, venue, label or id).
 *
 * `open` throws Failure SEAL_BROKEN for anything that was not sealed for exactly this context.
 */
export type Sealer = {
  readonly seal: (context: readonly string[], data: unknown) => Promise<string>;
  readonly open: (context: readonly string[], sealed: string) => Promise<unknown>;
};
