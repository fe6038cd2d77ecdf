/** A budget that must hold in every window of this length, wherever it begins. */
export type WindowRule = {
  readonly windowMs: number;
  readonly budget: number;
};

type SlidingWindows = {
  /** Spends `cost` at `at` if every rule allows it; a refused call spends nothing. */
  tryTake(at: number, cost?: number): boolean;
};

type Track = {
  allows(at: number, cost: number): boolean;
  spend(at: number, cost: number): void;
};

const compactAt = 4096;

function createTrack(rule: WindowRule): Track {
  const spends: { readonly at: number; readonly cost: number }[] = [];
  let oldest = 0;
  let used = 0;

  const forget = (at: number) => {
    for (let spend = spends[oldest]; spend && spend.at <= at - rule.windowMs; spend = spends[oldest]) {
      used -= spend.cost;
      oldest += 1;
    }
    if (oldest >= compactAt) {
      spends.splice(0, oldest);
      oldest = 0;
    }
  };

  return {
    allows(at, cost) {
      forget(at);
      return used + cost <= rule.budget;
    },
    spend(at, cost) {
      spends.push({ at, cost });
      used += cost;
    },
  };
}

/** Counts spending against several rules at once, as the venues do per key. */
export function createSlidingWindows(rules: readonly WindowRule[]): SlidingWindows {
  const tracks = rules.map(createTrack);
  return {
    tryTake(at, cost = 1) {
      if (!tracks.every((track) => track.allows(at, cost))) return false;
      for (const track of tracks) track.spend(at, cost);
      return true;
    },
  };
}

/** One set of windows per key, made on first use. */
export function createWindowsPerKey(rules: readonly WindowRule[]) {
  const windows = new Map<string, SlidingWindows>();
  return {
    tryTake(key: string, at: number, cost = 1): boolean {
      const known = windows.get(key) ?? createSlidingWindows(rules);
      windows.set(key, known);
      return known.tryTake(at, cost);
    },
  };
}
