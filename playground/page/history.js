const KEPT = 20;

/** The commands that were sent from this page, for the up arrow. */
export function createHistory() {
  const sent = [];
  return {
    add(command) {
      sent.push(command);
      if (sent.length > KEPT) sent.shift();
    },
    last: () => sent.at(-1),
  };
}
