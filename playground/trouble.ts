import { z } from 'zod';
import type { LoopbackDiscord } from './discord/loopback-discord.ts';
import { type FaultInput, type FaultName, faultList } from './venues/faults.ts';

/** A knob that makes one thing go wrong, with the one line that says what to watch for. */
export type Knob = { readonly id: string; readonly title: string; readonly watchFor: string };
export type VenueKnob = Knob & {
  readonly fault: FaultInput;
  /** What it strikes when nobody chooses. */
  readonly on: 'read' | 'write';
};

const titles: readonly (readonly [id: string, title: string, fault: FaultInput, on?: 'read' | 'write'])[] = [
  ['apply-then-hang', 'Apply, but do not answer', { name: 'apply-then-hang' }],
  ['apply-then-reset', 'Apply, then cut the connection', { name: 'apply-then-reset' }],
  ['hang', 'Hang without applying', { name: 'hang' }],
  ['reset', 'Cut the connection before applying', { name: 'reset' }],
  ['delay', 'Answer after six seconds', { name: 'delay', ms: 6_000 }],
  ['rate-limited', 'Too many requests (429)', { name: 'rate-limited' }],
  ['server-error', 'Server error (500)', { name: 'server-error', status: 500 }],
  ['html-page', 'An HTML page (502)', { name: 'server-error', status: 502, page: 'html' }],
  ['broken-json', 'Broken JSON', { name: 'broken-json' }],
  ['wrong-shape', 'JSON of another shape', { name: 'wrong-shape' }],
  ['empty', 'An empty answer', { name: 'empty' }],
  ['no-content', 'No content (204)', { name: 'no-content' }],
  ['cut-body', 'An answer that breaks off', { name: 'cut-body' }],
  ['slow-headers', 'Headers that drip in', { name: 'slow-headers' }],
  ['slow-body', 'A body that drips in', { name: 'slow-body' }],
  ['huge-body', 'An answer of six megabytes', { name: 'huge-body' }],
  ['redirect', 'A redirect to elsewhere', { name: 'redirect', to: 'http://127.0.0.1:9/elsewhere' }],
  ['no-effect', 'Say yes, change nothing', { name: 'no-effect' }],
  ['read-back-fails', 'Reading back fails', { name: 'flaky-read-back', shows: 'error', times: 2 }, 'read'],
  ['read-back-lies', 'Reading back shows the old value', { name: 'flaky-read-back', shows: 'old value' }, 'read'],
];

function watchFor(name: FaultName): string {
  return faultList.find((entry) => entry.name === name)?.watchFor ?? '';
}

export const venueKnobs: readonly VenueKnob[] = titles.map(([id, title, fault, on = 'write']) => {
  return { id, title, fault, on, watchFor: watchFor(fault.name) };
});

type Refused = Omit<Extract<FaultInput, { name: 'refused' }>, 'name'>;

const mudrexTexts: readonly Refused[] = [
  { text: 'leverage out of permissible range', status: 400 },
  { text: 'invalid asset id', status: 400 },
  { text: 'asset not found', status: 400 },
  { text: 'params error', status: 400 },
  { text: 'invalid trade currency', status: 400 },
  { text: 'leverage not found', status: 404 },
  { text: 'insufficient balance', status: 400 },
  { text: 'invalid authentication', status: 401, code: 3100 },
  { text: 'insufficient scope', status: 403 },
  { text: 'conflict', status: 409 },
  { text: 'rate limit exceeded', status: 429 },
  { text: 'something went wrong', status: 500 },
];

const krakenCodes: readonly Refused[] = [
  { code: 41, message: 'WOULD_CAUSE_LIQUIDATION' },
  { code: 87, message: 'CONTRACT_DOES_NOT_EXIST' },
  { code: 88, message: 'CONTRACT_NOT_FLEXIBLE_FUTURES' },
  { code: 92, message: 'INSUFFICIENT_MARGIN' },
];

const krakenErrors = [
  ...['accountInactive', 'apiLimitExceeded', 'authenticationError', 'insufficientFunds', 'invalidAccount'],
  ...['invalidAmount', 'invalidArgument', 'invalidUnit', 'Json Parse Error', 'marketUnavailable'],
  ...['nonceBelowThreshold', 'nonceDuplicate', 'notFound', 'requiredArgumentMissing', 'Server Error'],
  ...['Unavailable', 'unknownError', 'insufficientPrivileges', 'contractNotFound'],
];

export type RefusalChoice = { readonly id: string; readonly title: string; readonly fault: FaultInput };

/** Every documented error of each kind of venue, as its two seed pages and its other pages name them. */
export const refusalChoices: Readonly<Record<'mudrex' | 'kraken', readonly RefusalChoice[]>> = {
  mudrex: mudrexTexts.map((refused) => choice(`${refused.status} ${refused.text}`, refused)),
  kraken: [
    ...krakenCodes.map((refused) => choice(`${refused.code} ${refused.message}`, refused)),
    ...krakenErrors.map((error) => choice(error, { error })),
    choice('Server Error in a list', { error: 'Server Error', inList: true }),
  ],
};

function choice(title: string, refused: Refused): RefusalChoice {
  return { id: title.toLowerCase().replaceAll(/\W+/g, '-'), title, fault: { name: 'refused', ...refused } };
}

export const discordKnobs = [
  {
    id: 'drop-gateway',
    title: 'Drop the gateway',
    watchFor: 'The bot reconnects by itself; a command typed meanwhile arrives late or says that nobody responded.',
  },
  {
    id: 'forget-session',
    title: 'Drop it and forget the session',
    watchFor: 'Resuming is refused, so the bot signs in anew; open cards still work.',
  },
  {
    id: 'late-callback',
    title: 'Late acknowledgement',
    watchFor: 'Discord takes the next answer as too late (10062): the bot must run nothing.',
  },
  {
    id: 'lost-callback',
    title: 'Lost acknowledgement',
    watchFor: 'Discord took the next answer, but its reply is lost: nothing runs, and the message says so.',
  },
  {
    id: 'event-twice',
    title: 'The same event twice',
    watchFor: 'The next press or command arrives twice: one write, one answer.',
  },
  {
    id: 'edit-fails',
    title: 'Edits fail for a while',
    watchFor: 'The next three edits answer 500: the outcome still reaches you, here or with the next command.',
  },
] as const satisfies readonly Knob[];

export const discordKnobSchema = z.enum(discordKnobs.map(({ id }) => id));
export type DiscordKnob = z.infer<typeof discordKnobSchema>;

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

export const clockKnobs = [
  { id: 'minute', title: 'One minute', ms: 61_000, watchFor: 'An open card expires and loses its buttons.' },
  { id: 'link', title: 'Eleven minutes', ms: 660_000, watchFor: 'A link for a key stops working.' },
  { id: 'token', title: 'Sixteen minutes', ms: 960_000, watchFor: 'Private messages can no longer be edited.' },
  { id: 'day', title: 'One day', ms: 86_400_000, watchFor: 'Sign-ins and cards of yesterday are gone; keys stay.' },
] as const;

export const botKnobs = [
  {
    id: 'restart',
    title: 'Restart the bot',
    watchFor: 'With a card open: press it after the restart, it still works, once.',
  },
  {
    id: 'kill',
    title: 'Kill the bot (-9)',
    watchFor: 'Kill it while it waits for an exchange: after the restart it reads back and never sends again.',
  },
] as const satisfies readonly Knob[];
