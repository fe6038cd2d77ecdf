import { day, type Problem } from './config-values.ts';
import type { Retirement } from './leverage/venue.ts';
import { type VenueId, venueFacts, venueIds } from './venues/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** So long after the last request the keys that are still stored are erased, where no day is set for it. */
const ERASE_AFTER_MS = 14 * 24 * 60 * 60_000;

/** `KRAKEN_FUTURES_CLOSES` and so on, for every venue whose facts say that it ends. */
const namesOf = (id: string) => {
  const prefix = `${id.toUpperCase().replaceAll('-', '_')}_`;
  return {
    noNewKeys: `${prefix}NO_NEW_KEYS`,
    closes: `${prefix}CLOSES`,
    ends: `${prefix}ENDS`,
    keysErased: `${prefix}KEYS_ERASED`,
  } as const;
};

const retiring = venueFacts.flatMap(({ id, retires }) => (retires === undefined ? [] : [{ id, retires }]));

export const retirementVariables: readonly string[] = retiring.flatMap(({ id }) => Object.values(namesOf(id)));

/** @returns when each venue ends that does, by its id, and what is wrong with the variables */
export function readRetirements(set: Environment): {
  readonly retirements: ReadonlyMap<VenueId, Retirement>;
  readonly problems: readonly Problem[];
} {
  const read = retiring.map(({ id, retires }) => ({ id, ...readOne(set, id, retires) }));
  const known = venueIds.flatMap((venue) => {
    const one = read.find(({ id }) => id === venue);
    return one === undefined ? [] : [[venue, one.retires] as const];
  });
  return { retirements: new Map(known), problems: read.flatMap(({ problems }) => problems) };
}

function readOne(set: Environment, id: string, announced: Retirement) {
  const names = namesOf(id);
  const problems: Problem[] = [];
  const dayOf = (variable: string, otherwise: number): number => {
    const text = set[variable];
    if (text === undefined) return otherwise;
    const { data, error } = day.safeParse(text);
    problems.push(...(error?.issues ?? []).map(({ message: problem }) => ({ variable, problem })));
    return data ?? otherwise;
  };
  const closesAt = dayOf(names.closes, announced.closesAt);
  const retires: Retirement = {
    ...announced,
    closesAt,
    at: dayOf(names.ends, announced.at),
    noNewKeysFrom: dayOf(names.noNewKeys, announced.noNewKeysFrom),
    eraseAt: dayOf(names.keysErased, closesAt + ERASE_AFTER_MS),
  };
  return { retires, problems: problems.length > 0 ? problems : outOfOrder(names, retires) };
}

/** First no new keys, then no more requests, then the end; and a key is erased only once nothing needs it. */
function outOfOrder(names: ReturnType<typeof namesOf>, retires: Retirement): readonly Problem[] {
  const { noNewKeysFrom, closesAt, at, eraseAt } = retires;
  const { noNewKeys, closes, ends, keysErased } = names;
  return [
    ...(noNewKeysFrom <= closesAt ? [] : [{ variable: noNewKeys, problem: `must not be later than ${closes}` }]),
    ...(closesAt <= at ? [] : [{ variable: closes, problem: `must not be later than ${ends}` }]),
    ...(eraseAt > closesAt ? [] : [{ variable: keysErased, problem: `must be later than ${closes}` }]),
  ];
}
