import { symbolRows } from './confirm/past-symbols.ts';
import { proposalIndexes, proposalRows } from './confirm/proposal-rows.ts';
import { ticketIndex, ticketRows } from './confirm/tickets.ts';
import { closedRows, erasedRows, reminderRows } from './moving.ts';
import type { RowKind } from './store/sealed-rows.ts';
import { turnRows } from './store/turns.ts';
import { canaryRows, hashKeyRows } from './vault/keyring.ts';
import { vaultRows } from './vault/vault.ts';
import { linkIndex, linkRows } from './web/links.ts';

/** Every kind of row that the store holds. A rotation of the master keys seals those again that are sealed. */
export const rowKinds: readonly RowKind[] = [
  ...vaultRows,
  proposalRows,
  ...proposalIndexes,
  symbolRows,
  ticketRows,
  ticketIndex,
  turnRows,
  linkRows,
  linkIndex,
  reminderRows,
  erasedRows,
  closedRows,
  hashKeyRows,
  canaryRows,
];
