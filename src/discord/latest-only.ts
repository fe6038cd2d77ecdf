/**
 * Shows a sequence of values one after the other through something slow: while one is under way only the newest of the
 * others is kept, and what came last is shown last.
 */
export function createLatestOnly<T, R>(show: (value: T) => Promise<R>) {
  let waiting: { readonly value: T } | undefined;
  let running: Promise<void> | undefined;
  let isSettled = false;

  async function drain(): Promise<void> {
    while (waiting !== undefined) {
      const { value } = waiting;
      waiting = undefined;
      await show(value);
    }
    running = undefined;
  }

  return {
    offer(value: T): void {
      if (isSettled) return;
      waiting = { value };
      running ??= drain();
    },
    /** Waits for what is under way and drops what still waits; nothing is shown afterwards. */
    async settle(): Promise<void> {
      isSettled = true;
      waiting = undefined;
      await running;
    },
  };
}
