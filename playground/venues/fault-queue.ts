import { type Fault, type FaultInput, faultSchema } from './faults.ts';

/** What a fault is matched against. */
export interface CallFacts {
  readonly kind: 'read' | 'write';
  readonly readsSetting: boolean;
  readonly account: string | undefined;
  readonly path: string;
}

export interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  readonly left: number | 'forever';
}

export interface FaultQueue {
  /** Arms a fault and returns its id. */
  add(fault: FaultInput): number;
  remove(id: number): void;
  clear(): void;
  active(): readonly ActiveFault[];
  /** Takes the oldest fault that fits this call, and uses it up once. */
  take(facts: CallFacts): Fault | undefined;
  /** Tells read-back faults that this account has just written. */
  noteWrite(account: string): void;
}

interface Armed {
  readonly id: number;
  readonly fault: Fault;
  readonly writers: Set<string>;
  left: number;
}

const strikes = ({ fault, writers }: Armed, facts: CallFacts): boolean => {
  if (fault.on !== 'any' && fault.on !== facts.kind) return false;
  if (fault.account !== undefined && fault.account !== facts.account) return false;
  if (fault.path !== undefined && !facts.path.includes(fault.path)) return false;
  if (fault.name !== 'flaky-read-back' && !fault.afterWrite) return true;
  return facts.readsSetting && facts.account !== undefined && writers.has(facts.account);
};

export const createFaultQueue = (): FaultQueue => {
  let armed: readonly Armed[] = [];
  let lastId = 0;

  return {
    add(input) {
      const fault = faultSchema.parse(input);
      const left = fault.times === 'forever' ? Number.POSITIVE_INFINITY : fault.times;
      lastId += 1;
      armed = [...armed, { id: lastId, fault, writers: new Set(), left }];
      return lastId;
    },
    remove(id) {
      armed = armed.filter((entry) => entry.id !== id);
    },
    clear() {
      armed = [];
    },
    active: () => armed.map(({ id, fault, left }) => ({ id, fault, left: Number.isFinite(left) ? left : 'forever' })),
    take(facts) {
      const found = armed.find((entry) => strikes(entry, facts));
      if (!found) return undefined;
      found.left -= 1;
      if (found.left <= 0) armed = armed.filter((entry) => entry !== found);
      return found.fault;
    },
    noteWrite(account) {
      for (const { writers } of armed) writers.add(account);
    },
  };
};
