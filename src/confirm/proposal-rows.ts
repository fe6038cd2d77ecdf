import { z } from 'zod';
import { accountSchema } from '../account.ts';
import { type Delivery, deliveryOfFlags, deliverySchema } from '../delivery.ts';
import { Failure } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import { isUnreadable, plainRows, type RowContext, type SealedRow, sealedRows } from '../store/sealed-rows.ts';
import type { Sealer } from '../store/sealer.ts';
import type { Entry } from '../store/store.ts';
import { type Outcome, outcomeSchema } from './outcome.ts';
import { type Proposal, proposalSchema, type Stage, stageSchema } from './proposal.ts';

/** A proposal as it stands in the store. */
export type StoredProposal = {
  readonly proposal: Proposal;
  readonly stage: Stage;
  readonly delivery: Delivery;
  readonly outcome?: Outcome;
  readonly version: number;
};

const foundSchema = z.object({
  proposal: proposalSchema,
  stage: stageSchema,
  delivery: deliverySchema,
  outcome: outcomeSchema.exactOptional(),
});

/** So that keys are in the order of their times. */
const TIME_DIGITS = 16;

export const proposalRows = sealedRows({
  kind: 'proposal',
  prefix: 'proposal/',
  version: 3,
  schema: foundSchema,
  migrations: { 1: withUnsettled, 2: withAsker },
  unversioned: readUnversioned,
});

/**
 * `open` lists what has not ended, `owned` all of a user, `ended` those that have, oldest first. Three are notes of what
 * is still to be done, due when somebody else has to do it: `untold` results that their owners have not seen, `mend`
 * messages that may show something else than their receipt, `audit` outcomes that were not made known.
 */
export const proposalIndexes = [
  plainRows('open'),
  plainRows('owned'),
  plainRows('ended'),
  plainRows('untold'),
  plainRows('mend'),
  plainRows('audit'),
  plainRows('lease'),
] as const;

/** Where the rows of a proposal lie; without an id, or a user, where those of all begin. */
export const rowKeys = {
  row: (id: string) => `${proposalRows.prefix}${id}`,
  open: indexKey('open'),
  owned: indexKey('owned'),
  untold: indexKey('untold'),
  mend: indexKey('mend'),
  audit: indexKey('audit'),
  ended: (user: string, id?: string, createdAt = 0) =>
    id === undefined ? `ended/${user}/` : `ended/${user}/${String(createdAt).padStart(TIME_DIGITS, '0')}/${id}`,
  lease: (keyHash: string) => `lease/${keyHash}`,
} as const;

function indexKey(index: string) {
  return (user?: string, id = '') => (user === undefined ? `${index}/` : `${index}/${user}/${id}`);
}

/** @returns the id that a row of an index names. */
export function idIn({ key }: Entry): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** The check that a row is as it was found. */
export function rowCheck({ proposal, version }: StoredProposal) {
  return { key: rowKeys.row(proposal.id), version } as const;
}

/** @throws Failure CARD_UNREADABLE when the row is not what was sealed for this id */
export async function findProposal(context: RowContext, id: string): Promise<StoredProposal | undefined> {
  const row = await proposalRows.get(context, id).catch((error: unknown) => {
    throw isUnreadable(error) ? new Failure({ code: 'CARD_UNREADABLE' }, { cause: error }) : error;
  });
  return row && toFound(row);
}

function toFound({ data, version }: SealedRow<Omit<StoredProposal, 'version'>>): StoredProposal {
  return { ...data, version };
}

const flagged = z.looseObject({
  outcome: z.object({ kind: z.enum(['not-applied', 'unknown']), since: z.number(), isFinal: z.literal(false) }),
});

/** In version 1 `not-applied` and `unknown` with a flag stood for what is `unsettled` now. */
function withUnsettled(older: unknown): unknown {
  const found = flagged.safeParse(older).data;
  if (found === undefined) return older;
  const { kind, since } = found.outcome;
  const read = kind === 'not-applied' ? { firstReadAt: since } : {};
  return { ...found, outcome: { kind: 'unsettled', since, lookAt: since, ...read } };
}

const ownedSchema = z.looseObject({
  proposal: z.looseObject({ account: accountSchema }),
  delivery: z.unknown(),
});

/** In version 2 whoever asked was the owner of the key, and a delivery's fields told its kind. */
function withAsker(older: unknown): unknown {
  const { proposal, delivery, ...rest } = ownedSchema.parse(older);
  return { ...rest, proposal: { ...proposal, by: proposal.account.user }, delivery: deliveryOfFlags(delivery) };
}

const unversionedSchema = z.object({
  stage: stageSchema,
  user: z.string(),
  venue: z.string(),
  sealed: z.string(),
  delivery: z.string(),
  outcome: z.string().exactOptional(),
});

/** Three seals around an open stage, as 0.1 wrote them. A stage that anybody could write confirms nothing any more. */
async function readUnversioned(open: Sealer['open'], id: string, value: string) {
  const row = unversionedSchema.parse(parseJson(value));
  const part = (kind: string, sealed: string) => open([kind, row.user, row.venue, id], sealed);
  const proposal = z.looseObject({ createdAt: z.number() }).parse(await part('proposal', row.sealed));
  const delivery = await part('delivery', row.delivery);
  const outcome = row.outcome === undefined ? {} : { outcome: await part('outcome', row.outcome) };
  const expiresAt = row.stage === 'pending' ? { expiresAt: proposal.createdAt } : {};
  return { data: { proposal: { ...proposal, ...expiresAt }, stage: row.stage, delivery, ...outcome } };
}
