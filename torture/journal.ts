import type { WriteLogEntry } from '../simulators/venues/write-log.ts';
import { byVenue, type Note, type VenueName, venueNames } from './bot-messages.ts';
import { machineMs } from './clock.ts';
import type { Said, Sighting } from './said.ts';

/** One market of one account. `currency` is Mudrex's margin currency, absent at Kraken. */
export type Spot = {
  readonly venue: VenueName;
  readonly user: string;
  readonly market: string;
  readonly currency: string | undefined;
};

/** Leverage as decimal text, `cross`, or undefined for what was never set. */
export type Value = string | undefined;

/** Everything has a number in one sequence: all of it happens in this process, so the order is certain. */
type Stamp = {
  readonly seq: number;
  readonly at: number;
  /** By the clock that all processes of this machine share; see `machineMs`. */
  readonly machineAt: number;
};

export type Press = Stamp & {
  readonly interactionId: string;
  readonly user: string;
  readonly verb: string;
  readonly proposal: string;
  /** When Discord took the acknowledgement and said so. */
  ack?: Stamp;
};

/** A write that arrived at a venue, whatever became of it; `overlaps` when another one of the same key was open. */
export type Attempt = Stamp & {
  readonly spot: Spot;
  readonly value: Value;
  /** The connection that it came over, as the bot sees it. */
  readonly line: string;
  readonly overlaps: boolean;
  isOpen: boolean;
  /** When its answer went out, where the venue answers on a socket that stays open. */
  answeredAt?: number;
  /** Whether the venue said that it had carried it out, and had not. */
  isIgnored: boolean;
};
/** A setting that changed: by a write that the venue carried out, or behind the bot's back. */
export type Change = Omit<Stamp, 'machineAt'> & {
  readonly spot: Spot;
  readonly value: Value;
  readonly by: 'write' | 'outside';
};
/** A read of settings; Kraken lists all markets at once. */
export type Read = Stamp & {
  readonly venue: VenueName;
  readonly user: string;
  readonly market: string | undefined;
  /** When its answer had gone out, or the bot had stopped waiting for it. */
  endedAt: number;
  /** What it was answered that the venue did not hold. */
  lies: readonly Shown[];
};

/** What an answer says of one market; `currency` as in {@link Spot}. */
export type Shown = Pick<Spot, 'market' | 'currency'> & { readonly value: Value };

/** A line that the bot printed for the operator about how a change went. */
export type Audit = Stamp & {
  readonly user: string;
  readonly venue: string;
  readonly market: string;
  readonly to: string;
  readonly outcome: string;
};

/** The end of a process: what had begun by `from` should have ended by `to`, if it was ended kindly. */
export type Ending = { readonly signal: 'SIGTERM' | 'SIGKILL'; readonly from: number; readonly to: number };

export type JournalEvent =
  | { readonly kind: 'acked' | 'turned-away'; readonly interactionId: string }
  | { readonly kind: 'sighted' | 'told'; readonly said: Said }
  | { readonly kind: 'pressed'; readonly press: Press }
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | { readonly kind: 'read'; readonly read: Read }
  /** On the way to a write over a socket: a token was asked for, or something was asked on the socket itself. */
  | { readonly kind: 'token' | 'frame'; readonly venue: VenueName; readonly user: string };

export type Journal = ReturnType<typeof createJournal>;

/**
 * What happened between the bot, Discord and the venues, as those two saw it.
 *
 * @param options.writes - The venues' own logs of what they carried out.
 */
export function createJournal(options: {
  readonly now: () => number;
  readonly writes: Readonly<Record<VenueName, readonly WriteLogEntry[]>>;
}) {
  const { now, writes } = options;
  const presses = new Map<string, Press>();
  const attempts: Attempt[] = [];
  const changes: Change[] = [];
  const reads: Read[] = [];
  const audits: Audit[] = [];
  const endings: Ending[] = [];
  const said: Said[] = [];
  const saidBy = new Map<string, Said[]>();
  const turnedAway = new Set<string>();
  const listeners = new Set<(event: JournalEvent) => void>();
  const known = { ...byVenue(() => 0) };
  const notes: Note[] = [];
  let seq = 0;

  function stamp(): Stamp {
    drain();
    seq += 1;
    return { seq, at: now(), machineAt: machineMs() };
  }

  /** Takes over what the venues wrote since the last event. */
  function drain(): void {
    for (const venue of venueNames) {
      for (const entry of writes[venue].slice(known[venue])) {
        const { at, account: user, market, currency, leverage } = entry;
        seq += 1;
        changes.push({ seq, at, spot: { venue, user, market, currency }, value: leverage ?? 'cross', by: 'write' });
        known[venue] += 1;
      }
    }
  }

  function tell(event: JournalEvent): void {
    for (const listener of [...listeners]) listener(event);
  }

  return {
    presses,
    attempts,
    changes,
    notes,
    reads,
    audits,
    endings,
    said,
    drain,
    seq: () => seq,
    listen(listener: (event: JournalEvent) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    pressed(press: Omit<Press, keyof Stamp | 'ack'>): void {
      const one = { ...stamp(), ...press };
      presses.set(press.interactionId, one);
      tell({ kind: 'pressed', press: one });
    },
    acked(interactionId: string): void {
      const press = presses.get(interactionId);
      const at = stamp();
      if (press !== undefined) press.ack = at;
      tell({ kind: 'acked', interactionId });
    },
    /** Discord refused an acknowledgement: nothing will come of that interaction. */
    turnedAway(interactionId: string): void {
      turnedAway.add(interactionId);
      tell({ kind: 'turned-away', interactionId });
    },
    isTurnedAway: (interactionId: string) => turnedAway.has(interactionId),
    /** Something that the bot sends to Discord, before it is known what becomes of it. */
    sighted(sighting: Sighting): Said {
      const one = { ...stamp(), ...sighting, isTold: false };
      said.push(one);
      const before = saidBy.get(one.interactionId);
      if (before === undefined) saidBy.set(one.interactionId, [one]);
      else before.push(one);
      tell({ kind: 'sighted', said: one });
      return one;
    },
    /** Discord took it, and said so. */
    told(one: Said, message: { readonly id: string; readonly isPublic: boolean } | undefined): void {
      one.isTold = true;
      if (message !== undefined) Object.assign(one, { messageId: message.id, isPublic: message.isPublic });
      tell({ kind: 'told', said: one });
    },
    saidTo: (interactionId: string): readonly Said[] => saidBy.get(interactionId) ?? [],
    attempted(spot: Spot, value: Value, line: string): Attempt {
      const isSameKey = (other: Spot) => other.venue === spot.venue && other.user === spot.user;
      const overlaps = attempts.some((other) => other.isOpen && isSameKey(other.spot));
      const attempt = { ...stamp(), spot, value, line, overlaps, isOpen: true, isIgnored: false };
      attempts.push(attempt);
      tell({ kind: 'attempt', attempt });
      return attempt;
    },
    /** Its answer went out on a socket that stays open. */
    answered(attempt: Attempt): void {
      attempt.answeredAt = stamp().seq;
    },
    stepped(kind: 'token' | 'frame', venue: VenueName, user: string): void {
      tell({ kind, venue, user });
    },
    read(read: Pick<Read, 'venue' | 'user' | 'market'>): Read {
      const one = { ...stamp(), ...read, endedAt: Number.POSITIVE_INFINITY, lies: [] };
      reads.push(one);
      tell({ kind: 'read', read: one });
      return one;
    },
    /** A write was answered with success: now it is in the venue's own log, or the venue lied. */
    accepted(attempt: Attempt): void {
      drain();
      attempt.isIgnored = !changes.some(
        ({ by, seq: at, spot, value }) =>
          by === 'write' && at > attempt.seq && value === attempt.value && isSameSpot(spot, attempt.spot),
      );
    },
    readEnded(read: Read): void {
      read.endedAt = stamp().seq;
    },
    /** Whether the settings are being read after a write that came after `since`. */
    isReadingBack({ venue, user }: Pick<Spot, 'venue' | 'user'>, since: number): boolean {
      const write = attempts.findLast(({ spot, seq: at }) => spot.venue === venue && spot.user === user && at > since);
      return (
        write !== undefined && reads.some((read) => read.venue === venue && read.user === user && read.seq > write.seq)
      );
    },
    audited(audit: Omit<Audit, keyof Stamp>): void {
      audits.push({ ...stamp(), ...audit });
    },
    /** What the bot's process noted of itself. */
    noted(note: Note): void {
      notes.push(note);
    },
    ended(ending: Ending): void {
      endings.push(ending);
    },
    movedOutside(spot: Spot, value: Value): void {
      changes.push({ ...stamp(), spot, value, by: 'outside' });
    },
  };
}

export function isSameSpot(a: Spot, b: Spot): boolean {
  return a.venue === b.venue && a.user === b.user && a.market === b.market && a.currency === b.currency;
}
