import type { z } from 'zod';
import { type Problem, wholeNumber, windows } from './config-values.ts';
import type { Budget, Limits } from './leverage/venue.ts';
import { venueFacts } from './venues/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** The limits of one venue, or of several that share their variables. */
type Settable = Limits & Required<Pick<Limits, 'variables'>>;
type Group = { readonly budget: Budget; readonly problems: readonly Problem[] };

const settable: ReadonlyMap<string, Settable> = new Map(
  venueFacts.flatMap(({ limits: { variables, ...published } }) =>
    variables ? [[variables.prefix, { ...published, variables }] as const] : [],
  ),
);

const limitsOf = ({ variables }: Settable) => `${variables.prefix}LIMITS`;
const costsOf = ({ variables }: Settable) =>
  variables.costs.map((kind) => ({ kind, variable: `${variables.prefix}${kind.toUpperCase()}_COST` }));

/** The variables that the venues' facts ask for: `MUDREX_LIMITS`, `KRAKEN_LIMITS`, `KRAKEN_READ_COST` and so on. */
export const limitVariables: readonly string[] = [...settable.values()].flatMap((limits) => [
  limitsOf(limits),
  ...costsOf(limits).map(({ variable }) => variable),
]);

/** @returns the limits by venue id, where an operator may set them, and what is wrong with the variables */
export function readLimits(set: Environment): {
  readonly venueLimits: ReadonlyMap<string, Budget>;
  readonly problems: readonly Problem[];
} {
  const groups = new Map([...settable].map(([prefix, limits]) => [prefix, readGroup(limits, set)]));
  const venueLimits = venueFacts.flatMap(({ id, limits }) => {
    const group = groups.get(limits.variables?.prefix ?? '');
    return group ? [[id, group.budget] as const] : [];
  });
  return { venueLimits: new Map(venueLimits), problems: [...groups.values()].flatMap(({ problems }) => problems) };
}

function readGroup(limits: Settable, set: Environment): Group {
  const problems: Problem[] = [];
  const read = <T>(variable: string, check: z.ZodType<T, string>, published: T): T => {
    const text = set[variable];
    if (text === undefined) return published;
    const { data, error } = check.safeParse(text);
    problems.push(...(error?.issues ?? []).map(({ message: problem }) => ({ variable, problem })));
    return data ?? published;
  };
  const windowsSet = read(limitsOf(limits), windows, limits.windows);
  const costs = costsOf(limits).map(({ kind, variable }) => {
    return [kind, read(variable, wholeNumber(1, 1000), limits.costs[kind])] as const;
  });
  const budget = { windows: windowsSet, costs: { ...limits.costs, ...Object.fromEntries(costs) } };
  return { budget, problems: problems.length > 0 ? problems : tooSmall(limits, budget) };
}

/** A call that costs more than a window holds would wait for ever. */
function tooSmall(limits: Settable, { windows, costs }: Budget): readonly Problem[] {
  const smallest = Math.min(...windows.map(({ units }) => units));
  if (smallest >= Math.max(...Object.values(costs))) return [];
  const named = costsOf(limits).map(({ variable }) => `one of ${variable}`);
  const call = named.length > 0 ? `call of ${named.join(' and ').slice('one of '.length)}` : 'call';
  return [{ variable: limitsOf(limits), problem: `must each have room for one ${call}` }];
}
