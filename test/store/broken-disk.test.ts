import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { type Breakage, createDisk, waysHere } from '../../torture/disk.ts';
import { isLacking, titled } from '../support/needs.ts';

const WITHIN_MS = 1_000;

/** How a call ended, or that it took too long. */
async function endOf(call: Promise<unknown>): Promise<unknown> {
  const startedAt = performance.now();
  const end = await call.catch((error: unknown) => (error instanceof Failure ? error.data.code : error));
  return performance.now() - startedAt < WITHIN_MS ? end : 'too late';
}

function openOn(breakage: Breakage) {
  const disk = createDisk(breakage);
  const store = createSqliteStore({ file: join(disk.directory, 'levergate.db'), now: Date.now });
  onTestFinished(async () => {
    await store.close();
    disk.remove();
  });
  return { disk, store };
}

const put = (store: Store, key: string) => store.commit({ writes: [{ key, value: 'x'.repeat(4_000) }] });

describe.each(['full', 'read-only'] as const)('on a disk that is %s', (breakage) => {
  const way = waysHere(breakage);
  const need = { isMet: way !== undefined, missing: `nothing here makes a disk ${breakage}` };
  const title = `every call ends within a second, and nothing is half done (${way})`;

  test.skipIf(isLacking(need))(titled(need, title), async () => {
    // With a limit on file size this signal would end the process.
    process.on('SIGXFSZ', () => {});
    const { disk, store } = openOn(breakage);
    await put(store, 'before');
    const mend = disk.break(breakage, process.pid);
    try {
      for (const key of ['one', 'two', 'three']) expect(await endOf(put(store, key))).toBe('STORE_UNAVAILABLE');
      const changed = store.commit({
        checks: [{ key: 'before', version: 'absent' }],
        writes: [{ key: 'before', value: 'changed' }],
      });
      expect(await endOf(changed)).toBeOneOf(['STORE_UNAVAILABLE', { kind: 'conflict', key: 'before' }]);
      // What was there is still read, or fails; it is never "nothing there".
      const read = await endOf(store.get('before'));
      expect(read === 'STORE_UNAVAILABLE' || read !== undefined).toBe(true);
    } finally {
      mend?.();
    }
    // No restart in between.
    expect(await endOf(put(store, 'after'))).toMatchObject({ kind: 'committed' });
    expect((await store.list('')).map(({ key }) => key)).toEqual(['after', 'before']);
    expect((await store.get('before'))?.value).toHaveLength(4_000);
  });
});
