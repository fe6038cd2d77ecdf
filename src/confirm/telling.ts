import type { Found } from './proposal-rows.ts';
import type { Proposals } from './proposals.ts';

/**
 * Which results have reached their people.
 *
 * A result is stored together with the note that somebody has still to be told of it, so that a crash in between loses
 * neither. The note goes once Discord took the message; several go in one commit.
 */
export type Telling = {
  /** A result is about to be stored, and this process will show it. */
  readonly begin: (id: string) => void;
  readonly shown: (found: Found) => void;
  /** This process will not show it after all; what is noted of it stays noted. */
  readonly giveUp: (id: string) => void;
  /** It could not be shown; the next command of its owner does. */
  readonly lost: (found: Found) => Promise<void>;
  /** What this user must still be told, without what is on its way. */
  readonly dueTo: (user: string) => Promise<readonly Found[]>;
  /** Takes the notes of what was shown off the store. */
  readonly settleNotes: () => Promise<void>;
};

export function createTelling(proposals: Pick<Proposals, 'untold' | 'markUntold' | 'markTold'>): Telling {
  const underWay = new Set<string>();
  const shown = new Map<string, Found>();

  return {
    begin: (id) => {
      underWay.add(id);
      // What was shown before this result says nothing of it.
      shown.delete(id);
    },
    shown: (found) => {
      shown.set(found.proposal.id, found);
      underWay.delete(found.proposal.id);
    },
    giveUp: (id) => void underWay.delete(id),
    lost: async (found) => {
      underWay.delete(found.proposal.id);
      shown.delete(found.proposal.id);
      await proposals.markUntold(found);
    },
    dueTo: async (user) => {
      const noted = await proposals.untold(user);
      return noted.filter(({ proposal: { id } }) => !underWay.has(id) && !shown.has(id));
    },
    settleNotes: async () => {
      const settled = [...shown.values()];
      await proposals.markTold(settled);
      for (const found of settled) if (shown.get(found.proposal.id) === found) shown.delete(found.proposal.id);
    },
  };
}
