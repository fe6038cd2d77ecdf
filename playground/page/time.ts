const units: readonly (readonly [unit: 'day' | 'hour' | 'minute' | 'second', seconds: number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const relativeFormat = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const clockFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const shortFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const dateFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

let offsetMs = 0;

/** Everything on the page follows the playground's clock. */
export const now = () => Date.now() + offsetMs;

export function setOffset(ms: number) {
  offsetMs = ms;
}

/** "in 42 seconds", "3 minutes ago" @param at - Milliseconds since the epoch. */
export function relative(at: number): string {
  const seconds = Math.round((at - now()) / 1000);
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? (['second', 1] as const);
  return relativeFormat.format(Math.trunc(seconds / size), unit);
}

export const clockTime = (at: number) => clockFormat.format(at);

/** "Today at 14:03" */
export function messageTime(at: number): string {
  const isToday = dateFormat.format(at) === dateFormat.format(now());
  return isToday ? `Today at ${shortFormat.format(at)}` : `${dateFormat.format(at)} ${shortFormat.format(at)}`;
}

/** "+1 min", "+2 d 3 h" */
export function movedBy(ms: number): string {
  const parts: string[] = [];
  let left = Math.round(ms / 1000);
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count} ${unit === 'minute' ? 'min' : unit[0]}`);
    left -= count * size;
  }
  return `+${parts.slice(0, 2).join(' ')}`;
}
