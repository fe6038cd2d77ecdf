import type { Started, Suggestions } from '../../simulators/discord/client/actor.ts';
import type { OptionValues } from '../../simulators/discord/client/command-input.ts';
import type { InteractionRecord } from '../../simulators/discord/view.ts';
import type { FaultName } from '../../simulators/venues/faults.ts';
import type { OperatorSettings } from '../operator.ts';
import type { Screen } from '../screen.ts';
import type { DiscordKnob, Knobs } from '../trouble.ts';
import type { Move } from '../trouble-api.ts';

const RECONNECT_MS = 1_000;

/** A refusal of Discord's client or of the playground, in words. */
export class Refused extends Error {
  readonly reason: string | undefined;

  constructor(problem: string, reason: string | undefined) {
    super(problem);
    this.reason = reason;
  }
}

/** What is said of something that did not work. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** @typeParam Answer - Page and server are of one version: what it answers is not looked at again. */
async function call<Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(path, { method, ...sent }).catch(() => {
    throw new Refused('The playground does not answer. Is it still running?', 'offline');
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.problem ?? `status ${response.status}`, answer.reason);
  return answer;
}

export type SentCommand = { readonly channelId: string; readonly name: string; readonly options: OptionValues };
export type HalfTyped = SentCommand & { readonly focused: string };
type Press = { readonly messageId: string; readonly customId: string };
/** With the parameters that its name asks for. */
type ArmedFault = { readonly name: FaultName; readonly on: string };

export const readKnobs = () => call<Knobs>('GET', '/api/knobs');
export const readWire = (id: string) => call<InteractionRecord>('GET', `/api/interactions/${id}`);
export const sendCommand = (userId: string, command: SentCommand) =>
  call<Started>('POST', `/api/as/${userId}/command`, command);
export const askChoices = (userId: string, half: HalfTyped) =>
  call<Suggestions>('POST', `/api/as/${userId}/autocomplete`, half);
export const sendPress = (userId: string, press: Press) => call<Started>('POST', `/api/as/${userId}/press`, press);
export const armFault = (venue: string, fault: ArmedFault) => call('POST', `/api/venues/${venue}/faults`, fault);
export const disarmFault = (venue: string, id: number) => call('DELETE', `/api/venues/${venue}/faults/${id}`);
export const moveSetting = (venue: string, move: Move) => call('POST', `/api/venues/${venue}/move`, move);
export const lowerMaximum = (venue: string, bound: { readonly market: string; readonly max: string }) =>
  call('POST', `/api/venues/${venue}/maximum`, bound);
export const turnLever = (venue: string, turn: { userId: string; lever: string; isOn: boolean }) =>
  call('POST', `/api/venues/${venue}/levers`, turn);
export const turnDiscordKnob = (knob: DiscordKnob) => call('POST', '/api/discord/trouble', { knob });
export const moveClock = (forwardMs: number) => call('POST', '/api/clock', { forwardMs });
export const calm = () => call('POST', '/api/calm', {});
export const setOperator = (settings: OperatorSettings) => call('POST', '/api/operator', settings);
export const resetAll = () => call('POST', '/api/reset', {});
export const actOnBot = (action: string) => call('POST', '/api/bot', { action });

type Follower = {
  readonly onScreen: (screen: Screen) => void;
  readonly onConnected: (isConnected: boolean) => void;
};

/** Follows what one person sees. @returns what stops it. */
export function followScreen(userId: string, { onScreen, onConnected }: Follower): () => void {
  let again: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  function connect() {
    const opened = new WebSocket(`ws://${location.host}/api/screen?as=${userId}`);
    opened.onopen = () => isOver || onConnected(true);
    opened.onmessage = ({ data }) => isOver || onScreen(JSON.parse(data));
    opened.onclose = () => {
      if (isOver) return;
      onConnected(false);
      again = setTimeout(() => {
        socket = connect();
      }, RECONNECT_MS);
    };
    return opened;
  }
  let socket = connect();
  return () => {
    isOver = true;
    clearTimeout(again);
    socket.close();
  };
}

/** What one person sees now, once the playground answers. */
export function firstScreen(userId: string): Promise<Screen> {
  return new Promise((resolve) => {
    const stop = followScreen(userId, {
      onConnected: () => {},
      onScreen(screen) {
        stop();
        resolve(screen);
      },
    });
  });
}
