import { Failure } from '../errors.ts';
import type { LoadedKey } from '../keys.ts';
import { requireVenue } from '../leverage/venue.ts';
import type { PressReply } from '../press.ts';
import type { View } from '../view.ts';
import { renewCard } from './cards.ts';
import { execute, keyOf } from './execute.ts';
import type { Outcome } from './outcome.ts';
import type { PressContext } from './press-context.ts';
import { notingWhetherShown, receiptReply } from './press-reply.ts';
import type { StoredProposal } from './proposal-rows.ts';
import { workingView } from './receipt.ts';
import { afterRead, doubtOf } from './settling.ts';

/** One claimed proposal, and how far it has come. */
type Run = { readonly claimed: StoredProposal; readonly key: LoadedKey; found: StoredProposal };

/** Runs what a press has claimed, records how it ended, and says so. */
export async function runClaimed(
  context: PressContext,
  claimed: StoredProposal,
  key: LoadedKey,
  progress: (view: View) => void,
): Promise<PressReply> {
  const run: Run = { claimed, key, found: claimed };
  const { label } = requireVenue(context.venues, claimed.proposal.account.venue);
  progress(workingView(label, claimed.proposal));
  try {
    return await carryOut(context, run);
  } catch (error) {
    return afterError(context, run, error);
  }
}

async function carryOut(context: PressContext, run: Run): Promise<PressReply> {
  const { venues, keys, proposals, riskPercent, now, clock } = context;
  const { proposal, delivery } = run.claimed;
  const { outcome, fresh } = await execute({
    venue: requireVenue(venues, proposal.account.venue),
    credentials: run.key.credentials,
    proposal,
    riskPercent,
    now,
    clock,
    keyNow: () => keyOf(keys, proposal),
    startSending: async () => {
      const sending = await proposals.startSending(run.found);
      run.found = sending ?? run.found;
      return sending !== undefined;
    },
  });
  run.found = await record(context, run.found, outcome);
  // Where somebody took it over meanwhile, this is what became of it then.
  const isStale = run.found.outcome?.kind === 'stale';
  if (!isStale || fresh === undefined) return receiptReply(context, run.found, run.found);
  // Not recorded, the old card's end will be shown in this message: no new card may stand there.
  if (run.found.stage !== 'done') throw new Failure({ code: 'STORE_UNAVAILABLE' });
  const renewed = await renewCard(context, proposal, fresh, delivery);
  return { update: renewed.view, ...notingWhetherShown(context, run.found) };
}

/** What became of it is known, and is shown even when the store cannot record it just now. */
async function record(
  { caretaker, proposals, onError }: PressContext,
  found: StoredProposal,
  outcome: Outcome,
): Promise<StoredProposal> {
  try {
    return await caretaker.conclude(found, outcome);
  } catch (error) {
    onError(error);
    proposals.keepKey(found);
    return { ...found, outcome };
  }
}

async function afterError(context: PressContext, { found }: Run, error: unknown): Promise<PressReply> {
  const { telling, now, onError } = context;
  // No new card stands there: the message is to show how the old one ended.
  if (found.stage === 'done') {
    await telling.lost(found).catch(onError);
    await telling.mend(found.proposal.id).catch(onError);
  }
  if (found.stage !== 'sending') throw error;
  // The request may be under way: "nothing was changed" would be a guess. The caretaker settles it by reading back.
  onError(error);
  const at = await now();
  const outcome = afterRead(doubtOf(found.proposal, at), { kind: 'unread', at }, { now: at, age: 0, readAge: 0 });
  return receiptReply(context, await record(context, found, outcome), found);
}
