import type { Change } from './model.ts';

export type Listener = (change: Change) => void;

/** Tells everybody who listens about each change. */
export function createListeners() {
  const listeners = new Set<Listener>();
  const add = (listener: Listener): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    add,
    tell(change: Change): void {
      for (const listener of [...listeners]) listener(change);
    },
    /** Resolves with the first value that `read` returns, now or after a change; rejects after `timeoutMs` of real time. */
    until<T>(read: () => T | undefined | false, timeoutMs: number): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const look = () => {
        const value = read();
        if (value !== undefined && value !== false) resolve(value);
      };
      const stop = add(() => attempt(look, reject));
      const patience = setTimeout(() => reject(new Error(`nothing came within ${timeoutMs} ms`)), timeoutMs);
      attempt(look, reject);
      return promise.finally(() => {
        stop();
        clearTimeout(patience);
      });
    },
  };
}

function attempt(look: () => void, reject: (reason: unknown) => void): void {
  try {
    look();
  } catch (error) {
    reject(error);
  }
}
