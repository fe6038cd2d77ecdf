/** Tells everybody who listens that something on the playground changed. */
export type Hub = ReturnType<typeof createHub>;

export function createHub() {
  const listeners = new Set<() => void>();
  return {
    changed(): void {
      for (const listener of [...listeners]) listener();
    },
    /** @returns what stops it. */
    listen(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
