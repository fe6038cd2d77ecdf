/** What happened, and what to do next; each one sentence or two. Whether anything was changed is said by the caller. */
export type Explanation = { readonly what: string; readonly next: string };

export function say(what: string, next: string): Explanation {
  return { what, next };
}

/** "one second", "12 seconds": never less than one. */
export function seconds(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 1000));
  return whole === 1 ? 'one second' : `${whole} seconds`;
}
