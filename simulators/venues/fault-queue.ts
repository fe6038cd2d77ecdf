import { type Fault, type FaultInput, faultSchema, frameFaults } from './faults.ts';

/** What a fault is matched against. */
export type CallFacts = {
  /** Milliseconds since the epoch, by the simulator's clock. */
  readonly at: number;
  readonly kind: 'read' | 'write';
  readonly readsSetting: boolean;
  readonly account: string | undefined;
  readonly path: string;
  /** Whether it came over a socket. */
  readonly isFrame?: boolean;
  /** Whether the exchange speaks by itself; only what concerns a read-back strikes that. */
  readonly isPush?: boolean;
};

export type ActiveFault = {
  readonly id: number;
  readonly fault: Fault;
  readonly left: number | 'forever';
};

export type FaultQueue = {
  /** Arms a fault and returns its id. */
  add(fault: FaultInput): number;
  remove(id: number): void;
  clear(): void;
  active(): readonly ActiveFault[];
  /** Takes the oldest fault that fits this call, and uses it up once. */
  take(facts: CallFacts): Fault | undefined;
  /** Tells read-back faults that this account has just written. */
  noteWrite(account: string, at: number): void;
};

type Armed = {
  readonly id: number;
  readonly fault: Fault;
  /** When each account wrote last since the fault was armed. */
  readonly writes: Map<string, number>;
  left: number;
};

function strikes({ fault, writes }: Armed, facts: CallFacts): boolean {
  if (frameFaults.has(fault.name) && facts.isFrame !== true) return false;
  if (fault.on !== 'any' && fault.on !== facts.kind) return false;
  if (fault.account !== undefined && fault.account !== facts.account) return false;
  if (fault.path !== undefined && !facts.path.includes(fault.path)) return false;
  const isReadBack = fault.name === 'flaky-read-back' || fault.name === 'lagging-read-back';
  if (facts.isPush === true && !isReadBack) return false;
  if (!isReadBack && !fault.afterWrite) return true;
  const writtenAt = writes.get(facts.account ?? '');
  if (!facts.readsSetting || writtenAt === undefined) return false;
  return fault.name !== 'lagging-read-back' || facts.at - writtenAt < fault.ms;
}

export function createFaultQueue(): FaultQueue {
  let armed: readonly Armed[] = [];
  let lastId = 0;

  return {
    add(input) {
      const fault = faultSchema.parse(input);
      const left = fault.times === 'forever' ? Number.POSITIVE_INFINITY : fault.times;
      lastId += 1;
      armed = [...armed, { id: lastId, fault, writes: new Map(), left }];
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
    noteWrite(account, at) {
      for (const { writes } of armed) writes.set(account, at);
    },
  };
}
