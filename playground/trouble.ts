import { z } from 'zod';
import type { LoopbackDiscord } from '../simulators/discord/loopback-discord.ts';
import type { Refusal } from '../simulators/venues/exchange.ts';
import { type FaultInput, type FaultName, faultList, frameFaults } from '../simulators/venues/faults.ts';
import { factsOf, simulatedVenues } from '../simulators/venues/index.ts';

/** A knob that makes one thing go wrong, with the one line that says what to watch for. */
export type Knob = { readonly id: string; readonly title: string; readonly watchFor: string };
type VenueKnob = Knob & {
  readonly fault: FaultInput;
  /** What it strikes when nobody chooses. */
  readonly on: 'read' | 'write';
  /** Can happen on a socket only. */
  readonly isFrame: boolean;
};

const titles: readonly (readonly [id: string, title: string, fault: FaultInput, on?: 'read' | 'write'])[] = [
  ['apply-then-hang', 'Apply, but do not answer', { name: 'apply-then-hang' }],
  ['apply-then-reset', 'Apply, then hang up', { name: 'apply-then-reset' }],
  ['hang', 'Do nothing, and do not answer', { name: 'hang' }],
  ['reset', 'Hang up at once', { name: 'reset' }],
  ['delay', 'Answer after six seconds', { name: 'delay', ms: 6_000 }],
  ['rate-limited', 'Say “too many requests” (429)', { name: 'rate-limited' }],
  ['server-error', 'Say “server error” (500)', { name: 'server-error', status: 500 }],
  ['html-page', 'Answer with a web page (502)', { name: 'server-error', status: 502, page: 'html' }],
  ['broken-json', 'Answer with half a text', { name: 'broken-json' }],
  ['wrong-shape', 'Answer something unexpected', { name: 'wrong-shape' }],
  ['empty', 'Answer with nothing', { name: 'empty' }],
  ['no-content', 'Say “no content” (204)', { name: 'no-content' }],
  ['cut-body', 'Break off in the middle of the answer', { name: 'cut-body' }],
  ['slow-headers', 'Answer very slowly from the start', { name: 'slow-headers' }],
  ['slow-body', 'Answer very slowly in the end', { name: 'slow-body' }],
  ['huge-body', 'Answer with six megabytes', { name: 'huge-body' }],
  ['redirect', 'Send the bot elsewhere', { name: 'redirect', to: 'http://127.0.0.1:9/elsewhere' }],
  ['close-applied', 'Apply, then close the socket', { name: 'close', applied: true }],
  ['close', 'Close the socket', { name: 'close' }],
  ['maintenance', 'Begin a maintenance', { name: 'maintenance' }],
  ['stale-token', 'Know the token no more', { name: 'stale-token' }],
  ['doubled', 'Answer twice', { name: 'doubled' }],
  ['foreign-id', 'Answer as if to somebody else', { name: 'foreign-id' }],
  ['no-effect', 'Say yes, change nothing', { name: 'no-effect' }],
  ['read-back-fails', 'Fail when read back', { name: 'flaky-read-back', shows: 'error', times: 2 }, 'read'],
  ['read-back-lies', 'Show the old value when read back', { name: 'flaky-read-back', shows: 'old value' }, 'read'],
];

function watchFor(name: FaultName): string {
  return faultList.find((entry) => entry.name === name)?.watchFor ?? '';
}

export const venueKnobs: readonly VenueKnob[] = titles.map(([id, title, fault, on = 'write']) => {
  return { id, title, fault, on, watchFor: watchFor(fault.name), isFrame: frameFaults.has(fault.name) };
});

type RefusalChoice = Refusal & { readonly id: string };

const unlistedTexts = { unset: 'never set', cross: 'cross margin', unknown: 'not told' } as const;

/** What the page says of each exchange, with every documented error of its kind. */
export const exchangeKnobs = Object.entries(simulatedVenues).map(([id, venue]) => ({
  id,
  label: venue.shortLabel,
  unlisted: unlistedTexts[factsOf(id).unlisted],
  /** Whether the bot can read back what is set. */
  showsSettings: factsOf(id).unlisted !== 'unknown',
  hasSockets: venue.socketPrefix !== undefined,
  levers: venue.leverList ?? [],
  refusals: venue.refusals.map((refusal) => choice(refusal)),
}));

function choice(refusal: Refusal): RefusalChoice {
  return { id: refusal.title.toLowerCase().replaceAll(/\W+/g, '-'), ...refusal };
}

export const discordKnobs = [
  {
    id: 'drop-gateway',
    title: 'Cut the line to the bot',
    watchFor: 'The bot reconnects by itself; a command typed meanwhile arrives late or says that nobody responded.',
  },
  {
    id: 'forget-session',
    title: 'Cut it, and make the bot sign in anew',
    watchFor: 'Resuming is refused, so the bot signs in anew; open cards still work.',
  },
  {
    id: 'late-callback',
    title: 'Take the bot’s next answer as too late',
    watchFor: 'Discord takes the next answer as too late (10062): the bot must run nothing.',
  },
  {
    id: 'lost-callback',
    title: 'Lose the reply to the bot’s next answer',
    watchFor: 'Discord took the next answer, but its reply is lost: nothing runs, and the message says so.',
  },
  {
    id: 'event-twice',
    title: 'The same event twice',
    watchFor: 'The next press or command arrives twice: one write, one answer.',
  },
  {
    id: 'edit-fails',
    title: 'Refuse the next three edits',
    watchFor: 'The next three edits answer 500: the outcome still reaches you, here or with the next command.',
  },
] as const satisfies readonly Knob[];

export const discordKnobSchema = z.enum(discordKnobs.map(({ id }) => id));
export type DiscordKnob = z.infer<typeof discordKnobSchema>;

/** Those that wait for something to strike; the others strike at once. */
type WaitingKnob = Exclude<DiscordKnob, 'drop-gateway' | 'forget-session'>;

export function turnDiscordKnob({ faults }: LoopbackDiscord, knob: DiscordKnob): void {
  const { gateway, callback, edit } = faults;
  const turns: Readonly<Record<DiscordKnob, () => void>> = {
    'drop-gateway': () => gateway.drop(4000, 'Unknown error'),
    'forget-session': () => {
      gateway.forgetSessions();
      gateway.drop(4000, 'Unknown error');
    },
    'late-callback': () => callback.set('10062'),
    'lost-callback': () => callback.set('lost'),
    'event-twice': () => gateway.duplicateNext(2),
    'edit-fails': () => edit.set('500', 3),
  };
  turns[knob]();
}

/** The knobs of Discord that wait, with how often each will strike. */
export function armedAtDiscord({
  faults,
}: LoopbackDiscord): readonly { readonly id: WaitingKnob; readonly left: number }[] {
  const { gateway, callback, edit } = faults;
  const lefts: Readonly<Record<WaitingKnob, number>> = {
    'late-callback': callback.mode() === '10062' ? callback.left() : 0,
    'lost-callback': callback.mode() === 'lost' ? callback.left() : 0,
    'event-twice': gateway.copiesOfNext() - 1,
    'edit-fails': edit.left(),
  };
  const waiting = ['late-callback', 'lost-callback', 'event-twice', 'edit-fails'] as const;
  return waiting.map((id) => ({ id, left: lefts[id] })).filter(({ left }) => left > 0);
}

export function calmDiscord({ faults }: LoopbackDiscord): void {
  faults.callback.set('ok', 0);
  faults.edit.set('ok', 0);
  faults.gateway.duplicateNext(1);
}

/** What a fault that is armed or struck is called on the page. */
export function knobOf(fault: FaultInput): { readonly id: string; readonly title: string } {
  const said = new Map<string, unknown>(Object.entries(fault));
  const isSame = ([, , known]: (typeof titles)[number]) =>
    Object.entries(known).every(([key, value]) => key === 'times' || said.get(key) === value);
  const [id, title] = titles.find(isSame) ?? titles.find(([, , known]) => known.name === fault.name) ?? [fault.name];
  if (title !== undefined) return { id, title };
  const refused = exchangeKnobs.flatMap(({ refusals }) => refusals).find((one) => saysTheSame(one.fault, fault));
  return { id: 'refuse', title: `Refuse: ${refused?.title ?? fault.name}` };
}

function saysTheSame(one: FaultInput, other: FaultInput): boolean {
  if (one.name !== 'refused' || other.name !== 'refused') return false;
  return one.text === other.text && one.error === other.error && one.message === other.message;
}

export const clockKnobs = [
  { id: 'minute', title: 'One minute', ms: 61_000, watchFor: 'An open card expires and loses its buttons.' },
  { id: 'link', title: 'Eleven minutes', ms: 660_000, watchFor: 'A link for a key stops working.' },
  { id: 'token', title: 'Sixteen minutes', ms: 960_000, watchFor: 'Private messages can no longer be edited.' },
  { id: 'hour', title: 'One hour', ms: 3_600_000, watchFor: 'Housekeeping runs: what has expired is deleted.' },
  { id: 'day', title: 'One day', ms: 86_400_000, watchFor: 'Sign-ins and cards of yesterday are gone; keys stay.' },
] as const;

const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** The days on which an exchange ends step by step, for each that does. */
export const dateKnobs = Object.keys(simulatedVenues).flatMap((id) => {
  const { label, retires } = factsOf(id);
  if (retires === undefined) return [];
  const { noNewKeysFrom, closesAt, eraseAt } = retires;
  const steps = [
    ['no-new-keys', noNewKeysFrom, `${label} takes no new keys: /keys add and its page say what to use instead.`],
    ['closes', closesAt, `The bot sends nothing to ${label} any more; a card that is open ends as not sent.`],
    ['keys-erased', eraseAt, `Then move on by an hour: stored keys of ${label} are erased. Their owners hear of it.`],
  ] as const;
  return steps.map(([step, at, watchFor]) => ({ id: `${id}-${step}`, title: days.format(at), at, watchFor }));
});

export const botKnobs = [
  {
    id: 'restart',
    title: 'Restart the bot',
    watchFor: 'With a card open: press it after the restart, it still works, once.',
  },
  {
    id: 'kill',
    title: 'Kill the bot',
    watchFor: 'Kill it while it waits for an exchange: after the restart it reads back and never sends again.',
  },
] as const satisfies readonly Knob[];

/** Every knob, for the page. */
export const knobs = { exchangeKnobs, venueKnobs, discordKnobs, clockKnobs, dateKnobs, botKnobs };
export type Knobs = typeof knobs;
