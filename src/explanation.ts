/** What happened, and what to do next; each one sentence or two. Whether anything was changed is said by the caller. */
export type Explanation = { readonly what: string; readonly next: string };

export function say(what: string, next: string): Explanation {
  return { what, next };
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** "1 March 2027", in UTC. */
export function dayText(at: number): string {
  return days.format(at);
}

/** "one second", "12 seconds", "5 minutes": never less than it takes, nor than one second. */
export function waitText(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 1000));
  if (whole > 120) return `${Math.ceil(whole / 60)} minutes`;
  return whole === 1 ? 'one second' : `${whole} seconds`;
}
