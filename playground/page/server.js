const RECONNECT_MS = 1_000;

/** A refusal of Discord's client or of the playground, in words. */
export class Refused extends Error {
  /** @param {string} problem @param {string | undefined} reason */
  constructor(problem, reason) {
    super(problem);
    this.reason = reason;
  }
}

/** @param {'GET' | 'POST' | 'DELETE'} method @param {string} path @param {unknown} [body] */
async function call(method, path, body) {
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(path, { method, ...sent }).catch(() => {
    throw new Refused('The playground does not answer. Is it still running?', 'offline');
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.problem ?? `status ${response.status}`, answer.reason);
  return answer;
}

export const readKnobs = () => call('GET', '/api/knobs');
export const readWire = (id) => call('GET', `/api/interactions/${id}`);
export const sendCommand = (userId, command) => call('POST', `/api/as/${userId}/command`, command);
export const askChoices = (userId, half) => call('POST', `/api/as/${userId}/autocomplete`, half);
export const sendPress = (userId, press) => call('POST', `/api/as/${userId}/press`, press);
export const armFault = (venue, fault) => call('POST', `/api/venues/${venue}/faults`, fault);
export const disarmFault = (venue, id) => call('DELETE', `/api/venues/${venue}/faults/${id}`);
export const moveSetting = (venue, move) => call('POST', `/api/venues/${venue}/move`, move);
export const lowerMaximum = (venue, bound) => call('POST', `/api/venues/${venue}/maximum`, bound);
export const turnDiscordKnob = (knob) => call('POST', '/api/discord/trouble', { knob });
export const moveClock = (forwardMs) => call('POST', '/api/clock', { forwardMs });
export const calm = () => call('POST', '/api/calm', {});
export const setOperator = (settings) => call('POST', '/api/operator', settings);
export const resetAll = () => call('POST', '/api/reset', {});
export const actOnBot = (action) => call('POST', '/api/bot', { action });

/** Follows what one person sees. @returns what stops it. */
export function followScreen(userId, { onScreen, onConnected }) {
  let socket;
  let again;
  let isOver = false;
  function connect() {
    socket = new WebSocket(`ws://${location.host}/api/screen?as=${userId}`);
    socket.onopen = () => isOver || onConnected(true);
    socket.onmessage = ({ data }) => isOver || onScreen(JSON.parse(data));
    socket.onclose = () => {
      if (isOver) return;
      onConnected(false);
      again = setTimeout(connect, RECONNECT_MS);
    };
  }
  connect();
  return () => {
    isOver = true;
    clearTimeout(again);
    socket.close();
  };
}
