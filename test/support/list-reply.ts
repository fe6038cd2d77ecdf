import type { ListReply } from '../../src/venues/list-reply.ts';

/** @returns what these rows of a list mean, or undefined where they prove nothing. */
export function meaningOf<Row, T>(reply: ListReply<Row, T>, ...rows: readonly unknown[]): T | undefined {
  const verdict = reply.conclude(rows.map((row) => reply.row(row)));
  return verdict.kind === 'ok' ? verdict.value : undefined;
}
