import { createMoving, type EndingVenue } from '../../src/moving.ts';
import type { Gate } from './gate.ts';

const DAY_MS = 24 * 60 * 60_000;

/** What leads people away from the paper venue of a gate, which ends: its keys may be erased at once. */
export function openMoving(
  gate: Pick<Gate, 'store' | 'vault' | 'clock' | 'venue'>,
  more: Partial<Pick<EndingVenue, 'id' | 'retires' | 'successor'>> = {},
) {
  const { store, vault, clock, venue } = gate;
  const now = clock.now();
  const retires = { noNewKeysFrom: now - 3 * DAY_MS, closesAt: now - 2 * DAY_MS, at: now - DAY_MS, eraseAt: now };
  const erased: (readonly [venue: string, keys: number])[] = [];
  const closed: string[] = [];
  const moving = createMoving({
    store,
    ending: [{ id: venue.id, label: venue.label, retires, ...more }],
    former: { former: { label: 'Former', ended: 'Its exchange was switched off' } },
    keys: vault,
    wall: clock.now,
    elapsed: clock.elapsed,
    onClosed: (id) => closed.push(id),
    onErased: (id, keys) => erased.push([id, keys]),
  });
  return { ...moving, closed, erased };
}
