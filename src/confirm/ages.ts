/** How long something has lasted, by what has passed in this process since it was first seen here. */
export type Ages = {
  /**
   * @param since - When it began, milliseconds since the epoch.
   * @param now - By the same clock: counts only for what had already begun when it is first seen.
   */
  readonly of: (id: string, since: number, now: number) => number;
  readonly forget: (id: string) => void;
};

/** @param elapsed - Milliseconds that have passed, whatever the host's clock was set to. */
export function createAges(elapsed: () => number): Ages {
  const seen = new Map<string, { readonly since: number; readonly beganAt: number }>();

  return {
    of: (id, since, now) => {
      const known = seen.get(id);
      // What began later than now was written before the clock was set back: it begins anew.
      const first = known?.since === since ? known : { since, beganAt: elapsed() - Math.max(0, now - since) };
      seen.set(id, first);
      return elapsed() - first.beganAt;
    },
    forget: (id) => void seen.delete(id),
  };
}
