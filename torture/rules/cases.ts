import type { StoredProposal } from '../../src/confirm/proposal-rows.ts';
import type { Contents } from '../database.ts';
import { type Attempt, isSameSpot, type Journal, type Press, type Spot, type Value } from '../journal.ts';
import type { Said } from '../said.ts';
import { venueNameOf } from '../venues.ts';

/** One proposal with everything that was seen of it. */
export type Case = {
  readonly found: StoredProposal;
  readonly spot: Spot;
  readonly value: Value;
  /** Confirmations by its owner, in order. */
  readonly confirms: readonly Press[];
  readonly cancels: readonly Press[];
  readonly attempts: readonly Attempt[];
  readonly said: readonly Said[];
};

export type Cases = {
  readonly all: readonly Case[];
  /** Writes that belong to no proposal at all. */
  readonly strays: readonly Attempt[];
  /** What was said about proposals that the database does not know. */
  readonly unknownCards: readonly Said[];
  /** Results that came later, as news after a command. */
  readonly news: readonly Said[];
};

const sends: ReadonlySet<string> = new Set(['applied', 'refused', 'not-applied', 'differs', 'unknown', 'unsettled']);

/** Puts together what the database holds, what the venues got and what Discord was told. */
export function createCases(journal: Journal, { proposals }: Contents): Cases {
  const about = attribute(journal);
  const seeds = proposals.map((found) => ({ found, spot: spotOf(found), value: wantedBy(found) }));
  const { owner, strays } = assign(journal, seeds);
  const ids = new Set(proposals.map(({ proposal }) => proposal.id));
  const all = seeds.map((seed) => {
    const { id, by } = seed.found.proposal;
    const presses = [...journal.presses.values()].filter((one) => one.proposal === id && one.user === by);
    return {
      ...seed,
      confirms: presses.filter(({ verb }) => verb === 'confirm'),
      cancels: presses.filter(({ verb }) => verb === 'cancel'),
      attempts: journal.attempts.filter((attempt) => owner.get(attempt) === id),
      said: journal.said.filter((said) => about.get(said) === id),
    };
  });
  // What nobody confirmed may be gone after a day of the run's own time.
  const dayBeforeEnd = Math.max(...journal.said.map(({ at }) => at)) - 23 * 60 * 60_000;
  const unknownCards = journal.said.filter(
    (said) => said.meaning === 'card' && said.at > dayBeforeEnd && !ids.has(about.get(said) ?? ''),
  );
  const news = journal.said.filter((said) => said.place === 'new' && !about.has(said));
  return { all, strays, unknownCards, news };
}

/** Which proposal each message is about: by the card it shows, the press it answers, or the message it replaces. */
function attribute({ presses, said }: Journal): ReadonlyMap<Said, string> {
  const places = new Map<string, string>();
  for (const { interactionId, proposal } of presses.values()) places.set(`${interactionId}/@original`, proposal);
  const about = new Map<Said, string>();
  for (const one of said) {
    const { interactionId, place, messageId, meaning, buttons } = one;
    if (meaning === 'busy') continue;
    const card = meaning === 'card' ? buttons.find(({ verb }) => verb === 'confirm')?.id : undefined;
    const where = `${interactionId}/${place === 'new' ? '@original' : place}`;
    const id = card ?? (place === 'new' && !presses.has(interactionId) ? undefined : places.get(where));
    if (id !== undefined) about.set(one, id);
    if (card === undefined) continue;
    places.set(place === 'new' ? `${interactionId}/${messageId}` : where, card);
  }
  return about;
}

type Seed = Pick<Case, 'found' | 'spot' | 'value'>;

/**
 * Gives each write to the proposal it must have come from. Values are unique in a market but for cross margin and the
 * way back; there a write goes to a confirmed proposal that has none yet, one whose outcome speaks of a write first.
 */
function assign({ attempts, presses }: Journal, seeds: readonly Seed[]) {
  const owner = new Map<Attempt, string>();
  const strays: Attempt[] = [];
  const taken = new Set<string>();
  const confirmedBy = (id: string, seq: number) =>
    [...presses.values()].some((one) => one.proposal === id && one.verb === 'confirm' && one.seq < seq);
  for (const attempt of attempts) {
    const candidates = seeds
      .filter(({ spot, value }) => isSameSpot(spot, attempt.spot) && value === attempt.value)
      .map(({ found: { proposal, outcome } }) => {
        const isLikely = outcome !== undefined && sends.has(outcome.kind);
        const isConfirmed = confirmedBy(proposal.id, attempt.seq);
        return {
          id: proposal.id,
          score: (isConfirmed ? 4 : 0) + (taken.has(proposal.id) ? 0 : 2) + (isLikely ? 1 : 0),
        };
      })
      .toSorted((a, b) => b.score - a.score);
    const [best] = candidates;
    if (best === undefined) strays.push(attempt);
    else {
      owner.set(attempt, best.id);
      taken.add(best.id);
    }
  }
  return { owner, strays };
}

export function spotOf({ proposal }: StoredProposal): Spot {
  const { account, market, currency } = proposal;
  return { venue: venueNameOf(account.venue), user: account.user, market: market.symbol, currency };
}

function wantedBy({ proposal: { setting } }: StoredProposal): Value {
  return setting.mode === 'cross' ? 'cross' : setting.leverage;
}

/** A short name of a case for reports. */
export function nameOf({ found, value }: Case): string {
  const { account, market, id } = found.proposal;
  return `${account.venue} ${market.symbol} → ${value} of ${account.user} (${account.label}, card ${id.slice(0, 6)}, ${found.stage}${found.outcome === undefined ? '' : ` ${found.outcome.kind}`})`;
}
