import { TOKEN_LIVES_MS } from '../delivery.ts';
import { labelOf, type Venues } from '../leverage/venue.ts';
import type { Messenger, News } from '../messenger.ts';
import type { Entry } from '../store/store.ts';
import { isWorthTelling, type Outcome } from './outcome.ts';
import { rowKeys, type StoredProposal } from './proposal-rows.ts';
import type { Proposals } from './proposals.ts';
import { receiptIn, receiptView, workingView } from './receipt.ts';

const MEND_AFTER_MS = 10_000;
/** How often a message is edited again that Discord did not let be edited. */
const MENDS = 3;

type TellingOptions = {
  readonly proposals: Proposals;
  readonly venues: Venues;
  readonly messenger: Pick<Messenger, 'edit' | 'whisper'>;
  readonly now: () => Promise<number>;
  readonly onError: (error: unknown) => void;
};

/** `shown`: what was shown, whose notes are still to be taken off; several go in one commit. */
type Context = TellingOptions & { readonly shown: Map<string, StoredProposal> };

export type Telling = ReturnType<typeof createTelling>;

/**
 * Shows people what became of their changes, in the message that shows the change.
 *
 * A result is stored together with the note that its owner has still to be told of it, which is due once whoever stored
 * it had the time to: so a crash in between loses neither. The note goes when Discord took the message. One that could
 * not be shown is due no more: the next command of its owner tells it.
 */
export function createTelling(options: TellingOptions) {
  const context: Context = { ...options, shown: new Map() };
  return {
    tell: (found: StoredProposal) => tell(context, found),
    tellNoted: (entry: Entry) => tellNoted(context, entry),
    catchUp: (found: StoredProposal) => catchUp(context, found),
    mend: (id: string) => mend(context, id),
    mendNoted: (entry: Entry) => mendNoted(context, entry),
    shown: (found: StoredProposal) => void context.shown.set(found.proposal.id, found),
    lost: (found: StoredProposal) => lost(context, found),
    newsFor: (user: string) => newsFor(context, user),
    settleNotes: () => settleNotes(context),
  };
}

const venueOf = ({ venues }: Context, { proposal }: StoredProposal): string => labelOf(venues, proposal.account.venue);

/** What a public receipt withholds is whispered to its owner, and is news until it was. */
async function show(context: Context, found: StoredProposal, outcome: Outcome): Promise<'told' | 'lost'> {
  const { messenger } = context;
  const { delivery, proposal } = found;
  const view = receiptIn(delivery, venueOf(context, found), proposal, outcome);
  const result = await messenger.edit(delivery, view);
  return view.aside === undefined || result === 'lost' ? result : messenger.whisper(delivery, view.aside);
}

/** What cannot be shown in its message now is told with the next command, and its message is put right later. */
async function tell(context: Context, found: StoredProposal): Promise<void> {
  const { proposals, now } = context;
  const { delivery, outcome, proposal } = found;
  if (outcome === undefined) return;
  // Without a place of its own it would take that of another message.
  const result = delivery.kind === 'unplaced' ? 'lost' : await show(context, found, outcome);
  if (result === 'told') {
    context.shown.set(proposal.id, found);
    await settleNotes(context);
    await proposals.dropNote(rowKeys.mend(proposal.by, proposal.id));
    return catchUp(context, found);
  }
  if (isWorthTelling(outcome)) await lost(context, found);
  const mayStillBeEdited = delivery.kind !== 'unplaced' && (await now()) - delivery.at < TOKEN_LIVES_MS;
  if (mayStillBeEdited) await mend(context, proposal.id);
}

/** What nobody has shown: its process died, or was held up. */
async function tellNoted(context: Context, entry: Entry): Promise<void> {
  const { proposals, shown } = context;
  const found = await proposals.noted(entry, rowKeys.untold);
  const wasShown = found !== undefined && shown.get(found.proposal.id)?.version === found.version;
  if (wasShown) return;
  // Where a stale card stood there is a new one by now; that nothing was sent is news for the next command. What has
  // not ended is read again, and then shown.
  if (found?.stage === 'done' && found.outcome?.kind !== 'stale') return tell(context, found);
  await proposals.letBe(entry);
}

async function lost({ proposals, shown }: Context, found: StoredProposal): Promise<void> {
  shown.delete(found.proposal.id);
  await proposals.markUntold(found);
}

/** What had not ended may have gone on while it was shown, and been shown first: then it is shown again. */
async function catchUp(context: Context, shown: StoredProposal): Promise<void> {
  if (shown.stage === 'done') return;
  const found = await context.proposals.find(shown.proposal.id);
  if (found !== undefined && found.version !== shown.version) await tell(context, found);
}

/** Has the message of an ended proposal edited again, a little later: it may show something else than its receipt. */
async function mend({ proposals }: Context, id: string): Promise<void> {
  const found = await proposals.require(id);
  // Where it is still read again, what is read is shown.
  if (found.stage === 'done') await proposals.note(found, mendNote(found, MENDS));
}

function mendNote({ proposal: { by, id } }: StoredProposal, tries: number) {
  const dueMs = MEND_AFTER_MS * 2 ** (MENDS - tries);
  return { key: rowKeys.mend(by, id), value: String(tries), ttlMs: TOKEN_LIVES_MS, dueMs } as const;
}

async function mendNoted(context: Context, entry: Entry): Promise<void> {
  const { proposals, messenger, shown } = context;
  const found = await proposals.noted(entry, rowKeys.mend);
  if (found?.outcome === undefined || found.stage !== 'done') return proposals.dropNote(entry.key);
  const view = receiptIn(found.delivery, venueOf(context, found), found.proposal, found.outcome);
  const isTold = (await messenger.edit(found.delivery, view)) === 'told';
  if (isTold && view.aside === undefined) shown.set(found.proposal.id, found);
  const tries = Math.min(MENDS, Number(entry.value));
  if (isTold || !(tries > 1)) await proposals.dropNote(entry.key);
  else await proposals.note(found, mendNote(found, tries - 1));
}

/** What cannot be put into words keeps nothing else from being told. */
function newsOf(context: Context, found: StoredProposal): readonly News[] {
  const { proposal, outcome } = found;
  const venue = venueOf(context, found);
  try {
    const view = outcome === undefined ? workingView(venue, proposal) : receiptView(venue, proposal, outcome);
    return [{ view, told: () => context.proposals.markTold([found]) }];
  } catch (error) {
    context.onError(error);
    return [];
  }
}

/** What a person must still be told, without what is on its way. */
async function newsFor(context: Context, user: string): Promise<readonly News[]> {
  const { proposals, shown } = context;
  const noted = await proposals.untold(user);
  return noted
    .filter((found) => shown.get(found.proposal.id)?.version !== found.version)
    .flatMap((found) => newsOf(context, found));
}

/** Takes the notes of what was shown off the store. */
async function settleNotes({ proposals, shown }: Context): Promise<void> {
  const settled = [...shown.values()];
  await proposals.markTold(settled);
  for (const found of settled) if (shown.get(found.proposal.id) === found) shown.delete(found.proposal.id);
}
