import type { Overrides } from '../../src/app.ts';
import type { Log } from '../../src/log.ts';
import type { Store } from '../../src/store/store.ts';
import { type BotSetup, type PlantName, venueNames } from '../bot-messages.ts';
import type { Focus } from '../plan.ts';
import type { RuleName } from '../rules/violation.ts';
import { everybodyOwns } from './everybody-owns.ts';
import { overRelay } from './relay.ts';
import { resendAfterReconnect } from './resend.ts';
import { endlessLease, hostClock, replicaClock, selectThenUpdate } from './stores.ts';
import { blindRetry, executeBeforeAck, falseReadBack } from './wires.ts';

/** The ports that a plant may wrap. */
type Ports = Pick<BotSetup, 'discordApi' | 'venueUrls'> & {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
};

export type Plant = {
  readonly bug: string;
  /** The rules that have to notice; one of them is enough. */
  readonly caughtBy: readonly RuleName[];
  /** Wraps the ports of the bot; absent where its source is changed instead. */
  readonly plant?: (ports: Ports) => Overrides | Promise<Overrides>;
  /** What has to happen more often than usual for the bug to show. */
  readonly focus?: Focus;
};

/** Bugs that the harness must catch before it is believed. */
export const plants: Readonly<Record<PlantName, Plant>> = {
  'select-then-update': {
    bug: 'the claim looks first and writes later',
    caughtBy: ['one-write'],
    plant: ({ store }) => ({ store: selectThenUpdate(store) }),
  },
  'blind-retry': {
    bug: 'a write without a good answer is sent once more',
    caughtBy: ['one-write'],
    plant: async ({ venueUrls }) => ({
      venueUrls: Object.fromEntries(
        await Promise.all(venueNames.map(async (name) => [name, await overRelay(venueUrls[name], blindRetry)])),
      ),
    }),
  },
  'execute-before-ack': {
    bug: 'a press runs whatever becomes of its acknowledgement',
    caughtBy: ['confirmed-write'],
    plant: async ({ discordApi }) => ({ discordApi: await executeBeforeAck(discordApi) }),
  },
  'replica-clock': {
    bug: 'the expiry of a card is decided by a clock that is ten seconds behind',
    caughtBy: ['confirmed-write'],
    plant: ({ store, now }) => ({ store: replicaClock(store, now) }),
  },
  'no-owner-check': {
    bug: 'anybody who sees a card can confirm it',
    caughtBy: ['confirmed-write'],
    plant: async ({ discordApi }) => ({ discordApi: await everybodyOwns(discordApi) }),
    focus: { kind: 'strangers' },
  },
  'plaintext-log': {
    bug: 'a key is printed when it is opened',
    caughtBy: ['no-secret'],
    plant: ({ log }) => ({ log: { ...log, protect: (secret) => console.log(`in use: ${secret.reveal()}`) } }),
  },
  'false-read-back': {
    bug: 'the read-back shows what was sent instead of what the venue holds',
    caughtBy: ['true-outcome'],
    plant: async ({ venueUrls }) => ({
      venueUrls: { ...venueUrls, 'kraken-futures': await overRelay(venueUrls['kraken-futures'], falseReadBack) },
    }),
  },
  'endless-lease': {
    bug: 'the lease of a key is never given back and never ends',
    caughtBy: ['nothing-stuck'],
    plant: ({ store }) => ({ store: endlessLease(store) }),
  },
  'cross-at-maximum': {
    bug: 'isolated margin at the highest leverage is sent as cross margin',
    caughtBy: ['confirmed-write', 'true-outcome'],
    focus: { value: 'highest' },
  },
  'renewal-shows-exposure': {
    bug: 'a shared card that is renewed shows position and orders',
    caughtBy: ['private-exposure'],
    focus: { kind: 'moved' },
  },
  'early-release': {
    bug: 'a key is given back after the write, before the read-back',
    caughtBy: ['one-at-a-time'],
    focus: { kind: 'overtake' },
  },
  'no-row-check': {
    bug: 'a card is advanced without looking whether somebody else has advanced it',
    caughtBy: ['no-write-after-end', 'nothing-stuck', 'true-outcome'],
    focus: { kind: 'race' },
  },
  'read-back-without-currency': {
    bug: 'the read-back asks about the default margin currency',
    caughtBy: ['true-outcome'],
    focus: { currency: 'INR' },
  },
  'unshown-agrees': {
    bug: 'what a venue does not show is taken for what was asked for',
    caughtBy: ['true-outcome'],
  },
  'hasty-verdict': {
    bug: 'the second read-back is the last word, however soon it comes',
    caughtBy: ['true-outcome'],
  },
  'strangers-cancel': {
    bug: 'anybody who sees a card can cancel it',
    caughtBy: ['own-press'],
    focus: { kind: 'strangers' },
  },
  'trusting-clock': {
    bug: 'the host’s clock is believed when it is set back',
    caughtBy: ['confirmed-write', 'nothing-stuck'],
    focus: { kind: 'late', wanders: 'anywhere' },
  },
  'hasty-drain': {
    bug: 'SIGTERM ends the process without waiting for what runs',
    caughtBy: ['clean-process'],
    focus: { crash: { signal: 'SIGTERM', at: 'write', delayMs: 0, downMs: 0 } },
  },
  'host-clock': {
    bug: 'the expiry of a card is decided by the host’s clock, whatever that was set to',
    caughtBy: ['confirmed-write'],
    plant: ({ store, now }) => ({ store: hostClock(store, now) }),
    focus: { kind: 'late', wanders: 'back' },
  },
  'no-fence': {
    bug: 'a write goes out however long ago the process said that it sends',
    caughtBy: ['no-late-write'],
    focus: { pause: { at: 'connected' } },
  },
  'hasty-takeover': {
    bug: 'a change is taken over without looking whether its owner’s lease is over',
    caughtBy: ['one-owner', 'no-late-write'],
  },
  'hasty-check': {
    bug: 'a second press settles a change that its owner is at',
    caughtBy: ['one-owner', 'no-late-write'],
    focus: { kind: 'repeat' },
  },
  'audit-afterwards': {
    bug: 'that an outcome has to be made known is not part of the commit that stores it',
    caughtBy: ['result-audited'],
    focus: { pause: { at: 'commit', isKilled: true } },
  },
  'resend-after-reconnect': {
    bug: 'a client that connects again by itself sends once more what was not answered',
    caughtBy: ['one-write'],
    plant: async ({ venueUrls }) => ({
      venueUrls: { ...venueUrls, kraken: await resendAfterReconnect(venueUrls.kraken) },
    }),
    focus: { venue: 'kraken' },
  },
  'no-socket-fence': {
    bug: 'a change goes out on a socket however long ago the process said that it sends',
    caughtBy: ['no-late-write'],
    focus: { venue: 'kraken', pause: { at: 'sending', ms: 25_000 } },
  },
};
