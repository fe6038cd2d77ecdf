/**
 * Which proposal may use an API key in this process, beside the lease in the store: that one ends by a clock that
 * somebody can set forward while a write is under way.
 */
export type KeyGuard = {
  /** Takes or renews the key for `ms` of passing time. @returns false when another proposal has it. */
  readonly hold: (keyHash: string, id: string, ms: number) => boolean;
  readonly release: (keyHash: string, id: string) => void;
  readonly holderOf: (keyHash: string) => string | undefined;
};

/**
 * @param options.elapsed - Milliseconds that have passed, whatever the host's clock was set to.
 * @param options.isRunning - Whether a press is executing this proposal; then it has its key without an end.
 */
export function createKeyGuard(options: {
  readonly elapsed: () => number;
  readonly isRunning: (id: string) => boolean;
}): KeyGuard {
  const { elapsed, isRunning } = options;
  const held = new Map<string, { readonly id: string; readonly until: number }>();

  function holderOf(keyHash: string): string | undefined {
    const found = held.get(keyHash);
    if (found === undefined) return undefined;
    if (found.until > elapsed() || isRunning(found.id)) return found.id;
    held.delete(keyHash);
    return undefined;
  }

  return {
    hold: (keyHash, id, ms) => {
      if ((holderOf(keyHash) ?? id) !== id) return false;
      held.set(keyHash, { id, until: elapsed() + ms });
      return true;
    },
    release: (keyHash, id) => {
      if (held.get(keyHash)?.id === id) held.delete(keyHash);
    },
    holderOf,
  };
}
