import { setTimeout as wait } from 'node:timers/promises';
import { rowKeys } from '../../src/confirm/proposal-rows.ts';
import type { Change, Commit, Store, Write } from '../../src/store/store.ts';

const SLOW_MS = 120;
const REPLICA_BEHIND_MS = 10_000;

/** Looks whether a change is allowed, and writes it some time later without looking again. */
export function selectThenUpdate(store: Store): Store {
  let turn = 0;

  async function commit(change: Change): Promise<Commit> {
    for (const { key, version } of change.checks ?? []) {
      const found = await store.get(key);
      if ((version === 'absent') !== (found === undefined)) return { kind: 'conflict', key };
      if (found !== undefined && found.version !== version) return { kind: 'conflict', key };
    }
    turn += 1;
    if (turn % 2 === 0) await wait(SLOW_MS);
    const { checks: _checks, ...unchecked } = change;
    return store.commit(unchecked);
  }

  return { ...store, commit };
}

/** Decides the expiry of a card by the clock of a replica that is behind. */
export function replicaClock(store: Store, now: () => number): Store {
  return {
    ...store,
    commit: async ({ before, ...change }) => {
      if (before !== undefined && now() - REPLICA_BEHIND_MS >= before) return { kind: 'too-late' };
      return store.commit(change);
    },
  };
}

/** Decides the expiry of a card by what this host believes the time to be, whatever it believed before. */
export function hostClock(store: Store, now: () => number): Store {
  return {
    ...store,
    commit: async ({ before, ...change }) =>
      before !== undefined && now() >= before ? { kind: 'too-late' } : store.commit(change),
  };
}

/** Gives leases no end and never takes them back. */
export function endlessLease(store: Store): Store {
  const isLease = ({ key }: Write) => key.startsWith(rowKeys.lease(''));
  return {
    ...store,
    commit: async (change) => {
      const writes = change.writes.flatMap((write): Write[] => {
        if (!isLease(write)) return [write];
        return 'remove' in write ? [] : [{ key: write.key, value: write.value }];
      });
      return store.commit({ ...change, writes });
    },
  };
}
