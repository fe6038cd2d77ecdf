import type { InteractionLine } from '../screen.ts';
import { now } from './time.ts';

const ANSWER_MS = 3_000;
const TOKEN_MS = 15 * 60_000;
const DISCORD_EPOCH_MS = 1_420_070_400_000;

/** Whether Discord has given an interaction up: three seconds without an answer. */
export function isUnanswered({ state, createdAt }: InteractionLine): boolean {
  return state === 'failed' || (state === 'waiting' && now() - createdAt > ANSWER_MS);
}

/** Whether a deferred answer can still come: the interaction's token lives for fifteen minutes. */
export function isTokenOver(interactionId: string): boolean {
  const createdAt = Number(BigInt(interactionId) >> 22n) + DISCORD_EPOCH_MS;
  return now() - createdAt > TOKEN_MS;
}

/** Draws again at the moment in which the next of these is given up. */
export function createPatience(draw: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (interactions: readonly InteractionLine[]) => {
    clearTimeout(timer);
    const left = interactions
      .filter(({ state }) => state === 'waiting')
      .map((one) => one.createdAt + ANSWER_MS - now());
    const next = Math.min(...left.filter((ms) => ms >= 0));
    if (Number.isFinite(next)) timer = setTimeout(draw, next + 1);
  };
}
