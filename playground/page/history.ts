import type { Values } from './commands.ts';

const KEPT = 20;

type SentLine = { readonly name: string; readonly values: Values };

/** The commands that were sent from this page, for the up arrow. */
export function createHistory() {
  const sent: SentLine[] = [];
  return {
    add(command: SentLine) {
      sent.push(command);
      if (sent.length > KEPT) sent.shift();
    },
    last: () => sent.at(-1),
  };
}
