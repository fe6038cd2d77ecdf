import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Secret } from '../../src/secret.ts';
import type { MasterKey } from '../../src/vault/envelope.ts';
import { temporaryDirectory } from './temporary.ts';

/** The only master key of {@link oldDatabase}. */
export const oldMasterKey: MasterKey = {
  id: 'k1',
  key: new Secret(Buffer.alloc(32, 'levergate-test').toString('base64url')),
};

/**
 * A copy of a database that an older version wrote at the time at which test clocks start, for the paper venue.
 *
 * - `0.1` (commit 2ca1d25): keys of 100 and 200, one waiting key, ended cards (`ended`, `untold`), a card that can still
 *   be pressed (`open`), changes under way (`claimed`, `sending`, `settling`), a ticket and a link.
 * - `25a43b1`, in the middle of 0.2: keys of both, a card in each kind of message (`private`, `public`,
 *   `public-unknown`, `placed`, `unplaced`), changes under way, a result that 200 was not told (`untold`), a ticket and
 *   a link.
 *
 * @returns its file.
 */
export function oldDatabase(by: '0.1' | '25a43b1' = '0.1'): string {
  const file = join(temporaryDirectory(), 'levergate.db');
  const database = new DatabaseSync(file);
  database.exec(readFileSync(join(import.meta.dirname, `../fixtures/${by}.sql`), 'utf8'));
  database.close();
  return file;
}

/** The id under which that database has a card or a ticket of this name. */
export function oldId(name: string): string {
  return name.padEnd(22, '-');
}
