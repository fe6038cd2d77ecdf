import { writeSync } from 'node:fs';
import { createSqliteStore } from '../../src/store/sqlite.ts';

// A process that commits without end and prints each commit once it is acknowledged, until somebody kills it.

const [, , file = '', round = ''] = process.argv;
const store = createSqliteStore({ file, now: Date.now });
const value = 'x'.repeat(500);

for (let count = 1; ; count += 1) {
  const last = await store.get(`last/${round}`);
  const { kind } = await store.commit({
    checks: [{ key: `last/${round}`, version: last?.version ?? 'absent' }],
    writes: [
      { key: `last/${round}`, value: String(count) },
      { key: `entry/${round}/${String(count).padStart(6, '0')}`, value },
    ],
  });
  if (kind !== 'committed') throw new Error(`a commit was a ${kind}`);
  writeSync(1, `${count}\n`);
  // Moves everything from the write-ahead log into the file, so that some kills hit that as well.
  if (count % 25 === 0) await store.erase();
}
