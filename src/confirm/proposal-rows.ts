import { z } from 'zod';
import { Failure } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import type { Entry, Write } from '../store/store.ts';
import {
  type Delivery,
  deliverySchema,
  type Outcome,
  outcomeSchema,
  type Proposal,
  proposalSchema,
  type Stage,
  stageSchema,
} from './proposal.ts';
import type { Reseal, Sealer } from './sealer.ts';

/** A proposal as it stands in the store. */
export type Found = {
  readonly proposal: Proposal;
  readonly stage: Stage;
  readonly delivery: Delivery;
  readonly outcome?: Outcome;
  readonly version: number;
};

/** Only the stage and what the sealing is bound to are readable; the rest is sealed. */
const rowSchema = z.object({
  stage: stageSchema,
  user: z.string(),
  venue: z.string(),
  sealed: z.string(),
  delivery: z.string(),
  outcome: z.string().exactOptional(),
});
type Row = Readonly<z.infer<typeof rowSchema>>;

const prefix = 'proposal/';

/** Where the rows of a proposal lie. `open` lists what has not ended, `owned` all of a user, `untold` unseen results. */
export const keys = {
  row: (id: string) => `${prefix}${id}`,
  open: (user: string, id = '') => `open/${user}/${id}`,
  owned: (user: string, id = '') => `owned/${user}/${id}`,
  untold: (user: string, id = '') => `untold/${user}/${id}`,
  lease: (keyHash: string) => `lease/${keyHash}`,
} as const;

/** @returns the ids that the rows of an index name. */
export function idsIn(index: readonly Entry[]): readonly string[] {
  return index.map(({ key }) => key.slice(key.lastIndexOf('/') + 1));
}

/** How far a row says it came, without opening it; undefined for a row that is none. */
export function stageOf({ value }: Entry): Stage | undefined {
  return rowSchema.safeParse(parseJson(value)).data?.stage;
}

export function createRowCodec(sealer: Sealer) {
  async function toWrite(found: Omit<Found, 'version'>, ttlMs: number): Promise<Write> {
    const { proposal, stage, delivery, outcome } = found;
    const { user, venue } = proposal.account;
    const seal = (kind: string, data: unknown) => sealer.seal([kind, user, venue, proposal.id], data);
    const row: Row = {
      stage,
      user,
      venue,
      sealed: await seal('proposal', proposal),
      delivery: await seal('delivery', delivery),
      ...(outcome !== undefined && { outcome: await seal('outcome', outcome) }),
    };
    return { key: keys.row(proposal.id), value: JSON.stringify(row), ttlMs };
  }

  async function read({ key, value, version }: Entry): Promise<Found> {
    const id = key.slice(prefix.length);
    const row = rowSchema.parse(JSON.parse(value));
    const open = (kind: string, sealed: string) => sealer.open([kind, row.user, row.venue, id], sealed);
    const proposal = proposalSchema.parse(await open('proposal', row.sealed));
    const { account } = proposal;
    const isOwn = proposal.id === id && account.user === row.user && account.venue === row.venue;
    if (!isOwn) throw new Failure({ code: 'SEAL_BROKEN' });
    const delivery = deliverySchema.parse(await open('delivery', row.delivery));
    const outcome = row.outcome === undefined ? undefined : outcomeSchema.parse(await open('outcome', row.outcome));
    return { proposal, stage: row.stage, delivery, version, ...(outcome !== undefined && { outcome }) };
  }

  /** @throws Failure CARD_UNREADABLE when the row is not what was sealed for this id */
  async function fromEntry(entry: Entry): Promise<Found> {
    try {
      return await read(entry);
    } catch (error) {
      throw new Failure({ code: 'CARD_UNREADABLE' }, { cause: error });
    }
  }

  return { toWrite, fromEntry };
}

/** How the rows of proposals are sealed again during a rotation of the master keys. */
export function proposalRewraps(reseal: Reseal) {
  async function rewrap({ key, value }: Entry): Promise<string | undefined> {
    const row = rowSchema.safeParse(parseJson(value)).data;
    if (row === undefined) return undefined;
    const again = (kind: string, sealed: string) =>
      reseal([kind, row.user, row.venue, key.slice(prefix.length)], sealed);
    const sealed = await again('proposal', row.sealed);
    const delivery = await again('delivery', row.delivery);
    const outcome = row.outcome === undefined ? '' : await again('outcome', row.outcome);
    if (sealed === undefined || delivery === undefined || outcome === undefined) return undefined;
    const same = sealed === row.sealed && delivery === row.delivery && outcome === (row.outcome ?? '');
    return same ? value : JSON.stringify({ ...row, sealed, delivery, ...(outcome !== '' && { outcome }) });
  }
  return [{ prefix, rewrap }] as const;
}
