import { Failure } from '../errors.ts';
import type { Keys, LoadedKey } from '../keys.ts';
import type { Proposal } from './proposal.ts';
import type { StoredProposal } from './proposal-rows.ts';
import type { Proposals } from './proposals.ts';

/**
 * After the key for hashes of API keys was made anew: what is under way takes the new hash of its API key, so that it is
 * settled by reading and keeps other changes of that key waiting; what nobody had confirmed is void.
 *
 * @param options.since - When the hash key was made, milliseconds since the epoch; older proposals have other hashes.
 * @param options.onError - Told of one proposal that stays as it is.
 */
export async function rehashProposals(options: {
  readonly proposals: Pick<Proposals, 'openIds' | 'find' | 'replace'>;
  readonly keys: Pick<Keys, 'load'>;
  readonly since: number;
  readonly onError: (error: unknown) => void;
}): Promise<void> {
  const { proposals, since, onError } = options;
  for (const id of await proposals.openIds()) {
    try {
      const found = await proposals.find(id);
      if (found === undefined || found.proposal.createdAt > since) continue;
      const next = await rehashed(found, options.keys);
      if (next !== undefined) await proposals.replace(found, next);
    } catch (error) {
      onError(error);
    }
  }
}

async function rehashed({ proposal, stage }: StoredProposal, keys: Pick<Keys, 'load'>): Promise<Proposal | undefined> {
  if (stage === 'pending') return { ...proposal, expiresAt: proposal.createdAt };
  const key = await keys.load(proposal.account).catch(failureOnly);
  // A key that was added later is another one: it says nothing of this change.
  if (key === undefined || key.addedAt > proposal.createdAt) return undefined;
  return { ...proposal, keyHash: key.keyHash };
}

function failureOnly(error: unknown): LoadedKey | undefined {
  if (error instanceof Failure && error.data.code !== 'STORE_UNAVAILABLE') return undefined;
  throw error;
}
