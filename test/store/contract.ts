import { describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { type Clock, createClock } from '../support/clock.ts';

/** What every store must do; a new store inherits it by one call. */
export function describeStore(name: string, create: (clock: Clock) => Store): void {
  const open = () => {
    const clock = createClock();
    const store = create(clock);
    onTestFinished(() => store.close());
    return { clock, store };
  };

  describe(`${name} as a store`, () => {
    test('a row is read back with its value', async () => {
      const { store } = open();
      await store.commit({ writes: [{ key: 'a/1', value: 'one' }] });
      expect(await store.get('a/1')).toMatchObject({ key: 'a/1', value: 'one' });
      expect(await store.get('a/2')).toBeUndefined();
    });

    test('insert-if-absent succeeds once', async () => {
      const { store } = open();
      const insert = () =>
        store.commit({ checks: [{ key: 'k', version: 'absent' }], writes: [{ key: 'k', value: 'v' }] });
      expect((await insert()).kind).toBe('committed');
      expect(await insert()).toEqual({ kind: 'conflict', key: 'k' });
    });

    test('of two compare-and-sets on one version one wins', async () => {
      const { store } = open();
      await store.commit({ writes: [{ key: 'k', value: '0' }] });
      const version = (await store.get('k'))?.version ?? 0;
      const set = (value: string) => store.commit({ checks: [{ key: 'k', version }], writes: [{ key: 'k', value }] });
      const results = await Promise.all(['1', '2'].map(set));
      expect(results.map(({ kind }) => kind)).toEqual(['committed', 'conflict']);
      expect((await store.get('k'))?.value).toBe('1');
    });

    test('a row that was removed and written again has another version', async () => {
      const { store } = open();
      await store.commit({ writes: [{ key: 'k', value: '0' }] });
      const first = await store.get('k');
      await store.commit({ writes: [{ key: 'k', remove: true }] });
      await store.commit({ writes: [{ key: 'k', value: '0' }] });
      expect((await store.get('k'))?.version).not.toBe(first?.version);
    });

    test('a change with one failed check writes nothing', async () => {
      const { store } = open();
      await store.commit({ writes: [{ key: 'taken', value: 'x' }] });
      const checks = [{ key: 'taken', version: 'absent' as const }];
      const writes = ['taken', 'other'].map((key) => ({ key, value: 'y' }));
      await store.commit({ checks, writes });
      expect(await store.get('other')).toBeUndefined();
    });

    test('a change is in time at one millisecond before its deadline and too late at it', async () => {
      const { store, clock } = open();
      const before = clock.now() + 60_000;
      clock.advance(59_999);
      expect((await store.commit({ before, writes: [{ key: 'k', value: '1' }] })).kind).toBe('committed');
      clock.advance(1);
      expect(await store.commit({ before, writes: [{ key: 'k', value: '2' }] })).toEqual({ kind: 'too-late' });
      expect((await store.get('k'))?.value).toBe('1');
    });

    test('a row with a time to live is absent from its end on, also to a check', async () => {
      const { store, clock } = open();
      await store.commit({ writes: [{ key: 'lease', value: 'a', ttlMs: 1000 }] });
      const take = { checks: [{ key: 'lease', version: 'absent' as const }], writes: [{ key: 'lease', value: 'b' }] };
      clock.advance(999);
      expect((await store.commit(take)).kind).toBe('conflict');
      clock.advance(1);
      expect(await store.get('lease')).toBeUndefined();
      expect((await store.commit(take)).kind).toBe('committed');
    });

    test('a clock that is set back lengthens no life and no deadline', async () => {
      const { store, clock } = open();
      const before = clock.now() + 20_000;
      await store.commit({ writes: [{ key: 'lease', value: 'a', ttlMs: 20_000 }] });
      clock.step(-3_600_000);
      expect(await store.now()).toBe(before - 20_000);
      clock.advance(19_999);
      expect((await store.get('lease'))?.value).toBe('a');
      clock.advance(1);
      expect(await store.get('lease')).toBeUndefined();
      expect(await store.commit({ before, writes: [{ key: 'k', value: 'late' }] })).toEqual({ kind: 'too-late' });
    });

    test('a prefix lists its own live rows in key order, page by page', async () => {
      const { store, clock } = open();
      const rows = ['p/b', 'p/a', 'p/c', 'q/a', 'p'].map((key) => ({ key, value: key }));
      await store.commit({ writes: [...rows, { key: 'p/old', value: '', ttlMs: 1 }] });
      clock.advance(1);
      expect((await store.list('p/')).map(({ key }) => key)).toEqual(['p/a', 'p/b', 'p/c']);
      expect((await store.list('p/', { limit: 2 })).map(({ key }) => key)).toEqual(['p/a', 'p/b']);
      expect((await store.list('p/', { after: 'p/b' })).map(({ key }) => key)).toEqual(['p/c']);
    });

    test('a row that would outlive what its kind is given is shortened to that, and no other row', async () => {
      const { store, clock } = open();
      await store.commit({
        writes: [
          { key: 'lease/ahead', value: '', ttlMs: 3_600_000 },
          { key: 'lease/right', value: '', ttlMs: 19_999 },
          { key: 'lease/ever', value: '' },
          { key: 'other/ahead', value: '', ttlMs: 3_600_000 },
        ],
      });
      expect(await store.shorten('', 3_600_000)).toBe(0);
      expect(await store.shorten('lease/', 20_000)).toBe(1);
      clock.advance(19_999);
      expect((await store.list('')).map(({ key }) => key)).toEqual(['lease/ahead', 'lease/ever', 'other/ahead']);
      clock.advance(1);
      expect((await store.list('')).map(({ key }) => key)).toEqual(['lease/ever', 'other/ahead']);
      expect(await store.shorten('', 0)).toBe(1);
      expect((await store.list('')).map(({ key }) => key)).toEqual(['lease/ever']);
    });

    test('a row is due at its time and not a millisecond before', async () => {
      const { store, clock } = open();
      await store.commit({ writes: [{ key: 'k', value: 'v', dueMs: 1000 }] });
      const dueAt = clock.now() + 1000;
      expect(await store.get('k')).toMatchObject({ dueAt });
      clock.advance(999);
      expect(await store.takeDue({ limit: 10, forMs: 5000 })).toEqual([]);
      clock.advance(1);
      expect(await store.takeDue({ limit: 10, forMs: 5000 })).toMatchObject([{ key: 'k', value: 'v' }]);
    });

    test('a row that was taken keeps its version and is nobody else’s until the time of its taker is over', async () => {
      const { store, clock } = open();
      await store.commit({ writes: [{ key: 'k', value: 'v', dueMs: 0 }] });
      const before = await store.get('k');
      const [taken] = await store.takeDue({ limit: 10, forMs: 5000 });
      expect(taken).toEqual({ ...before, dueAt: clock.now() + 5000 });
      clock.advance(4999);
      expect(await store.takeDue({ limit: 10, forMs: 5000 })).toEqual([]);
      clock.advance(1);
      expect(await store.takeDue({ limit: 10, forMs: 5000 })).toMatchObject([{ key: 'k', version: before?.version }]);
    });

    test('of takers at once each gets other rows, the longest due first', async () => {
      const { store, clock } = open();
      const rows = [3, 1, 4, 0, 2].map((dueMs) => ({ key: `k/${dueMs}`, value: '', dueMs }));
      await store.commit({ writes: rows });
      clock.advance(3);
      const takes = await Promise.all([2, 1, 5].map((limit) => store.takeDue({ limit, forMs: 1000 })));
      const taken = takes.map((each) => each.map(({ key }) => key).sort());
      expect(taken).toEqual([['k/0', 'k/1'], ['k/2'], ['k/3']]);
    });

    test('a row that is written without a due time, has ended or was removed is not due', async () => {
      const { store, clock } = open();
      const keys = ['written', 'ended', 'removed'];
      await store.commit({ writes: keys.map((key) => ({ key, value: '', dueMs: 0, ttlMs: key === 'ended' ? 1 : 9 })) });
      await store.commit({
        writes: [
          { key: 'written', value: '' },
          { key: 'removed', remove: true },
        ],
      });
      clock.advance(1);
      expect(await store.takeDue({ limit: 10, forMs: 1 })).toEqual([]);
      expect(await store.get('written')).not.toHaveProperty('dueAt');
    });

    test('a row that would wait for too long is due at once, and no other row', async () => {
      const { store, clock } = open();
      const rows = [9_999, 10_000, 3_600_000].map((dueMs, index) => ({ key: `k/${index}`, value: '', dueMs }));
      await store.commit({ writes: [...rows, { key: 'never', value: '' }] });
      expect(await store.hasten(10_000)).toBe(1);
      const taken = await store.takeDue({ limit: 10, forMs: 1_000_000 });
      expect(taken.map(({ key }) => key)).toEqual(['k/2']);
      clock.advance(10_000);
      expect(await store.takeDue({ limit: 10, forMs: 1 })).toHaveLength(2);
    });

    test('a removal that is checked for absence leaves alone what came first, and takes what has expired', async () => {
      const { store, clock } = open();
      const removal = {
        checks: [{ key: 'k', version: 'absent' as const }],
        writes: [{ key: 'k', remove: true as const }],
      };
      await store.commit({ writes: [{ key: 'k', value: '', ttlMs: 1 }] });
      expect(await store.commit(removal)).toEqual({ kind: 'conflict', key: 'k' });
      clock.advance(1);
      expect((await store.commit(removal)).kind).toBe('committed');
      expect(await store.sweep()).toBe(0);
    });

    test('a change that checks a key for absence without writing it, or names too many keys, is refused as a bug', async () => {
      const { store } = open();
      const checks = [{ key: 'k', version: 'absent' as const }];
      await expect(store.commit({ checks, writes: [{ key: 'other', value: '' }] })).rejects.toThrow(TypeError);
      const many = Array.from({ length: 65 }, (_, index) => ({ key: `k/${index}`, value: '' }));
      await expect(store.commit({ writes: many })).rejects.toThrow(TypeError);
      expect(await store.list('')).toEqual([]);
      expect((await store.commit({ writes: many.slice(1) })).kind).toBe('committed');
    });

    test('a sweep deletes what has expired and nothing else', async () => {
      const { store, clock } = open();
      await store.commit({
        writes: [
          { key: 'short', value: '', ttlMs: 10 },
          { key: 'long', value: '', ttlMs: 20 },
          { key: 'ever', value: '' },
        ],
      });
      clock.advance(10);
      expect(await store.sweep()).toBe(1);
      expect((await store.list('')).map(({ key }) => key)).toEqual(['ever', 'long']);
    });
  });
}
