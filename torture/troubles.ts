import { setTimeout as wait } from 'node:timers/promises';
import type { FaultInput } from '../simulators/venues/faults.ts';
import type { VenueName } from './bot-messages.ts';
import type { Desk } from './desk.ts';
import type { JournalEvent } from './journal.ts';
import type { Keeper } from './keeper.ts';
import type { Trader } from './people.ts';
import { type Crash, type GatewayTrouble, isInner, type OpPlan, type Pause } from './plan.ts';

/** Makes go wrong what a plan wants to go wrong, and takes back what was not used up. */
export function armTroubles(options: {
  readonly desk: Desk;
  readonly keeper: Keeper;
  readonly trader: Trader;
  readonly venue: VenueName;
  readonly plan: OpPlan;
  readonly trace: (text: string) => void;
}) {
  const { desk, keeper, trader, venue, plan, trace } = options;
  const { discord, journal, simulators } = desk;
  const faults = simulators[venue].faults;
  const armed: number[] = [];
  const disarms: (() => void)[] = [];

  function arm(list: readonly FaultInput[]): void {
    for (const fault of list) {
      const id = faults.add({ ...fault, account: trader.id });
      // A venue that lags does so until its time is over, whatever is asked of it next.
      if (fault.name !== 'lagging-read-back') armed.push(id);
    }
  }

  function clear(): void {
    for (const id of armed.splice(0)) faults.remove(id);
  }

  function troubleDiscord(when: 'command' | 'press'): void {
    const { discord: trouble } = plan;
    if (trouble?.when === when) discord.faults[trouble.route].set(trouble.mode, trouble.times);
  }

  const gatewayTroubles: Readonly<Record<GatewayTrouble, () => void>> = {
    drop: () => discord.faults.gateway.drop(4000),
    cut: discord.faults.gateway.cut,
    reconnect: discord.faults.gateway.askToReconnect,
    resumable: () => discord.faults.gateway.invalidateSessions(true),
    invalid: () => discord.faults.gateway.invalidateSessions(false),
    // Armed before the press that arrives twice.
    duplicate: () => {},
  };

  function refuseConnections(ms: number): void {
    desk.refuseConnections(venue, true);
    void wait(ms).then(() => desk.refuseConnections(venue, false));
  }

  function crashNow({ signal, at, delayMs, downMs }: Crash): void {
    const crash = () => {
      const isDone = keeper.crash(signal, downMs);
      trace(`${trader.name} ${venue}: ${signal} at ${at} + ${delayMs} ms${isDone ? '' : ', not needed'}`);
    };
    if (delayMs === 0) crash();
    else setTimeout(crash, delayMs);
  }

  /** Does something once, when the venue or Discord sees that this operation has come so far. */
  function doAt(at: Crash['at'] | Pause['at'], presses: readonly string[], act: () => void): void {
    const after = journal.seq();
    const isMoment = (event: JournalEvent): boolean => {
      if (event.kind === 'acked') return at === 'ack' && presses.includes(event.interactionId);
      if (event.kind === 'attempt')
        return at === 'write' && event.attempt.spot.venue === venue && event.attempt.spot.user === trader.id;
      if (event.kind === 'token' || event.kind === 'frame')
        return at === event.kind && event.venue === venue && event.user === trader.id;
      if (event.kind !== 'read' || event.read.venue !== venue || event.read.user !== trader.id) return false;
      return at === 'read' || (at === 'read-back' && hasWrittenSince(after));
    };
    const disarm = journal.listen((event) => {
      if (!isMoment(event)) return;
      disarm();
      act();
    });
    disarms.push(disarm);
  }

  function hasWrittenSince(seq: number): boolean {
    const last = journal.attempts.findLast(({ spot }) => spot.venue === venue && spot.user === trader.id);
    return last !== undefined && last.seq > seq;
  }

  return {
    beforeCommand(): void {
      arm(plan.cardFaults);
      troubleDiscord('command');
    },
    beforePress(): void {
      clear();
      arm(plan.writeFaults);
      troubleDiscord('press');
      if (plan.gateway === 'duplicate') discord.faults.gateway.duplicateNext(plan.presses + 1);
      if (plan.disk !== undefined) keeper.breakDisk(plan.disk.breakage, plan.disk.ms);
      if (plan.outageMs > 0) refuseConnections(plan.outageMs);
    },
    afterPress(presses: readonly string[]): void {
      if (plan.gateway !== undefined) gatewayTroubles[plan.gateway]();
      if (plan.skewMs !== undefined) keeper.skew(plan.skewMs);
      if (plan.jumpMs > 0) keeper.forward(plan.jumpMs);
      const { crash, pause } = plan;
      if (crash?.at === 'press') crashNow(crash);
      else if (crash !== undefined) doAt(crash.at, presses, () => crashNow(crash));
      if (pause !== undefined && isInner(pause.at)) keeper.pause(pause);
      else if (pause !== undefined) doAt(pause.at, presses, () => keeper.pause(pause));
    },
    over(): void {
      clear();
      for (const disarm of disarms) disarm();
    },
  };
}
