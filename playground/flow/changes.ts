import { z } from 'zod';
import { interactionTypes } from '../../simulators/discord/model.ts';
import type { InteractionRecord } from '../../simulators/discord/view.ts';
import type { OpenExchange } from '../../simulators/venues/index.ts';

/** A change with all that belongs to it. */
export type Change = {
  readonly id: string;
  readonly userId: string;
  readonly title: string;
  readonly venue: string;
  readonly records: InteractionRecord[];
  readonly requests: OpenExchange['requests'][number][];
};

/** What a pressed button does, such as `confirm`. */
export const verbOf = ({ payload }: InteractionRecord): string | undefined =>
  z
    .object({ data: z.object({ custom_id: z.string() }) })
    .safeParse(payload)
    .data?.data.custom_id.split('.')[1];

const isChangeCommand = ({ name }: InteractionRecord) => name === 'leverage set' || name === 'leverage cross';

/** Who asked what of which exchange, in the order of time: a request belongs to the last one before it. */
type Cause = {
  readonly userId: string;
  readonly venue: string;
  readonly at: number;
  readonly change: Change | undefined;
};

/** Every change of everybody, oldest first, each with its interactions and requests. */
export function collectChanges(
  records: readonly InteractionRecord[],
  exchanges: readonly OpenExchange[],
): readonly Change[] {
  const changes: Change[] = [];
  const byMessage = new Map<string, Change>();
  const causes: Cause[] = [];
  for (const record of records) {
    const change = changeOf(record, byMessage);
    if (change !== undefined && !changes.includes(change)) changes.push(change);
    change?.records.push(record);
    if (change !== undefined) for (const id of record.messageIds) byMessage.set(id, change);
    const venue = change?.venue ?? optionOf(record, 'venue');
    if (venue !== undefined) causes.push({ userId: record.userId, venue, at: record.createdAt, change });
  }
  for (const { id, requests } of exchanges) {
    for (const request of requests) {
      const isCause = ({ userId, venue, at }: Cause) => userId === request.account && venue === id && at <= request.at;
      causes.findLast(isCause)?.change?.requests.push(request);
    }
  }
  return changes;
}

/** Buttons of a receipt that make a card of its own. */
const makesCard: ReadonlySet<string | undefined> = new Set(['back', 'again']);

/** The change that a command or press belongs to: a new one for a command, another card, and somebody else's card. */
function changeOf(record: InteractionRecord, byMessage: ReadonlyMap<string, Change>): Change | undefined {
  if (record.type === interactionTypes.command && isChangeCommand(record)) {
    const words = ['market', 'leverage'].flatMap((name) => optionOf(record, name) ?? []);
    return newChange(record, [`/${record.name}`, ...words].join(' '), optionOf(record, 'venue') ?? '');
  }
  const known = byMessage.get(sourceOf(record) ?? '');
  if (known === undefined) return undefined;
  const isOther = known.userId !== record.userId || makesCard.has(verbOf(record));
  return isOther ? newChange(record, labelOf(record), known.venue) : known;
}

function newChange({ id, userId }: InteractionRecord, title: string, venue: string): Change {
  return { id, userId, title, venue, records: [], requests: [] };
}

const optionList = z.array(
  z.object({ name: z.string(), value: z.unknown().optional(), options: z.unknown().optional() }),
);

/** What somebody put into an option, at whatever depth the subcommand stands. */
function optionOf({ payload }: InteractionRecord, wanted: string): string | undefined {
  const find = (options: unknown): string | undefined => {
    for (const { name, value, options: deeper } of optionList.safeParse(options).data ?? []) {
      const found = name === wanted && value !== undefined ? String(value) : find(deeper);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find(z.object({ data: z.object({ options: z.unknown() }) }).safeParse(payload).data?.data.options);
}

const pressed = z.object({
  data: z.object({ custom_id: z.string() }),
  message: z.object({
    id: z.string(),
    components: z.array(
      z.object({ components: z.array(z.object({ custom_id: z.string().optional(), label: z.string().optional() })) }),
    ),
  }),
});

function sourceOf({ payload }: InteractionRecord): string | undefined {
  return pressed.safeParse(payload).data?.message.id;
}

/** The words on the button that was pressed. */
export function labelOf({ payload }: InteractionRecord): string {
  const press = pressed.safeParse(payload).data;
  const buttons = press?.message.components.flatMap(({ components }) => components) ?? [];
  return buttons.find(({ custom_id }) => custom_id === press?.data.custom_id)?.label ?? 'a button';
}
