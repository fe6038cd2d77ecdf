import type { Execution } from './call.ts';
import {
  instrumentSnapshot,
  marginState,
  orderRow,
  positionRows,
  preferencesSnapshot,
  tickerRow,
} from './kraken-unified-data.ts';
import { accepted, type Frame, type Reply, rejected, stamp } from './kraken-unified-frames.ts';
import { setPreference } from './kraken-unified-preference.ts';
import type { UnifiedRequest } from './kraken-unified-switches.ts';
import type { Token } from './kraken-unified-tokens.ts';
import type { Party } from './kraken-unified-told.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';

/** What a request leads to. */
export type Outcome = {
  readonly replies: readonly Reply[];
  /** What the channel says once the subscription was answered. */
  readonly after: readonly object[];
  /** Whose setting has changed, so that all connections of that account hear of it. */
  readonly moved?: { readonly account: string; readonly symbol: string };
};

const only = (reply: Reply): Outcome => ({ replies: [reply], after: [] });

/** What answers a token that Kraken does not know, and one whose time is over: no page says so (?). */
const unknownToken = 'EAPI:Invalid token';
const expiredToken = 'ESession:Invalid session';
const elsewhere = 'Private data and trading are unavailable on this endpoint.';
const unsupported = 'Unsupported method';
const publicElsewhere = 'Public data is unavailable on this endpoint.';

type Admission = { readonly token: Token } | { readonly error: string };

/** There is no login: each private request carries a token, and one that is wrong does not close the socket. */
function admit(world: UnifiedWorld, party: Party, { params, at }: Frame, request: UnifiedRequest): Admission {
  if (!party.isPrivate) return { error: elsewhere };
  if (typeof params.token !== 'string') return { error: "'params.token' is required" };
  const { switches, tokens } = world;
  const found = tokens.find(params.token, at);
  if (found.kind !== 'valid') return { error: found.kind === 'expired' ? expiredToken : unknownToken };
  const isForeign = [...party.subscriptions.values()].some(({ token }) => token?.account !== found.token.account);
  if (isForeign && switches.oneAccountPerSocket) return { error: unknownToken };
  const { permissions } = found.token.key;
  const isPermitted = switches.demands[request].every((one) => permissions.includes(one));
  return isPermitted ? { token: found.token } : { error: 'EGeneral:Permission denied' };
}

type Opening = { readonly world: UnifiedWorld; readonly party: Party; readonly frame: Frame; readonly isOld: boolean };

const already = ({ party, frame }: Opening, channel: string): string | undefined => {
  if (!party.subscriptions.has(channel)) return undefined;
  // Documented of these two; the others follow their form.
  return frame.params.channel === 'ticker' ? 'Already subscribed' : `Already subscribed to ${channel} channel`;
};

/** Refuses what is wrong with a private subscription, or opens it and says how it is answered. */
function openPrivately(
  opening: Opening,
  channel: 'preferences' | 'positions' | 'executions' | 'margin',
  open: (token: Token) => readonly object[],
): Outcome {
  const { world, party, frame } = opening;
  const admission = admit(world, party, frame, channel);
  if ('error' in admission) return only(rejected(frame, admission.error));
  const needsClass = channel !== 'preferences' && frame.params.asset_class !== 'derivatives';
  if (needsClass) return only(rejected(frame, "'params.asset_class' must be derivatives"));
  const refusal = already(opening, channel) ?? argumentRefusal(opening, channel);
  if (refusal !== undefined) return only(rejected(frame, refusal));
  const { token } = admission;
  const withMargin = frame.params.with_margin === true;
  party.subscriptions.set(channel, { channel, token, withMargin });
  token.subscriptions += 1;
  return { replies: [accepted(frame, resultOf(frame))], after: open(token) };
}

function argumentRefusal({ world: { switches }, frame: { params } }: Opening, channel: string): string | undefined {
  if (channel === 'margin' && 'snapshot' in params) return "'params.snapshot' is not valid for the margin channel";
  const hasBoth = params.with_margin === true && 'snapshot' in params;
  if (channel === 'positions' && hasBoth) return "'params.snapshot' cannot be combined with 'params.with_margin'";
  if (channel !== 'preferences' || switches.preferencesNotYet <= 0) return undefined;
  switches.preferencesNotYet -= 1;
  return 'Preferences are not available yet, try again later';
}

/** All that was asked for but the token, as Spot answers. */
function resultOf({ params }: Frame): object {
  const { token: _token, ...rest } = params;
  return rest;
}

function positions(opening: Opening): Outcome {
  const { world, frame, isOld } = opening;
  return openPrivately(opening, 'positions', ({ account }) => {
    const { switches } = world;
    if (frame.params.snapshot === false) return [];
    const common = { channel: 'positions', type: 'snapshot' };
    if (switches.snapshotsTooLarge > 0) {
      switches.snapshotsTooLarge -= 1;
      return [{ ...common, data: { futures: [], options: [] }, error: 'snapshot_too_large' }];
    }
    const withMargin = frame.params.with_margin === true;
    const futures = positionRows(world, account, { withMargin, isOld });
    return [{ ...common, data: { futures, options: [], time: stamp(frame.at) } }];
  });
}

function executions(opening: Opening): Outcome {
  const { frame } = opening;
  return openPrivately(opening, 'executions', ({ account }) => {
    const data = frame.params.snap_orders === false ? [] : account.orders.map((order) => orderRow(order, frame.at));
    return [{ channel: 'executions', type: 'snapshot', data, sequence: 1 }];
  });
}

/** One answer for each symbol, as at Spot. */
function ticker({ world, party, frame }: Opening): Outcome {
  const { symbol: asked } = frame.params;
  const symbols = Array.isArray(asked) ? asked.map(String) : [];
  if (symbols.length === 0) return only(rejected(frame, "'params.symbol' is required"));
  const outcomes = symbols.map((symbol): Outcome => {
    const instrument = world.instruments.find((one) => one.symbol === symbol);
    if (instrument === undefined) return only(rejected(frame, `Currency pair not supported ${symbol}`));
    if (party.subscriptions.has(`ticker ${symbol}`)) return only(rejected(frame, 'Already subscribed'));
    party.subscriptions.set(`ticker ${symbol}`, { channel: 'ticker', token: undefined, withMargin: false });
    const result = { channel: 'ticker', symbol, snapshot: true, event_trigger: 'trades' };
    const data = [tickerRow(world, instrument, frame.at)];
    return { replies: [accepted(frame, result)], after: [{ channel: 'ticker', type: 'snapshot', data }] };
  });
  return { replies: outcomes.flatMap(({ replies }) => replies), after: outcomes.flatMap(({ after }) => after) };
}

function publicly(opening: Opening, channel: 'instrument' | 'ticker'): Outcome {
  const { world, party, frame } = opening;
  if (party.isPrivate) return only(rejected(frame, publicElsewhere));
  if (frame.params.asset_class !== 'derivatives') {
    return only(rejected(frame, "'params.asset_class' must be derivatives"));
  }
  if (channel === 'ticker') return ticker(opening);
  const refusal = already(opening, channel);
  if (refusal !== undefined) return only(rejected(frame, refusal));
  party.subscriptions.set(channel, { channel, token: undefined, withMargin: false });
  const snapshot = { channel, type: 'snapshot', data: instrumentSnapshot(world) };
  return { replies: [accepted(frame, resultOf(frame))], after: frame.params.snapshot === false ? [] : [snapshot] };
}

function subscribe(opening: Opening): Outcome {
  const { world, frame, isOld } = opening;
  const { channel } = frame.params;
  const isDown = world.status.system === 'maintenance';
  if (isDown) return only(rejected(frame, 'EService:Unavailable'));
  switch (channel) {
    case 'instrument':
    case 'ticker':
      return publicly(opening, channel);
    case 'preferences':
      return openPrivately(opening, channel, ({ account }) => [
        { channel, type: 'snapshot', data: preferencesSnapshot(world, account, isOld) },
      ]);
    case 'positions':
      return positions(opening);
    case 'executions':
      return executions(opening);
    case 'margin':
      return openPrivately(opening, channel, ({ account }) => [
        { channel, type: 'multi_collateral', data: marginState(world, account) },
      ]);
    default:
      return only(rejected(frame, "Unknown 'params.channel'"));
  }
}

function unsubscribe({ party, frame }: Opening): Outcome {
  const { channel } = frame.params;
  const found = [...party.subscriptions].filter(([, one]) => one.channel === channel);
  if (found.length === 0) return only(rejected(frame, 'Subscription not found'));
  for (const [name] of found) end(party, name);
  return only(accepted(frame, resultOf(frame)));
}

function end({ subscriptions }: Party, name: string): void {
  const token = subscriptions.get(name)?.token;
  if (token !== undefined) token.subscriptions -= 1;
  subscriptions.delete(name);
}

/** What a connection held is held no longer. */
export function endAll(party: Party): void {
  for (const name of [...party.subscriptions.keys()]) end(party, name);
}

function set({ world, party, frame }: Opening, execution: Execution): Outcome {
  const admission = admit(world, party, frame, 'set_preference');
  if ('error' in admission) return only(rejected(frame, admission.error));
  if (world.status.system === 'maintenance') return only(rejected(frame, 'EService:Unavailable'));
  const { account } = admission.token;
  const done = setPreference(world, account, frame, execution);
  if (done.kind === 'refused') return only(rejected(frame, done.error));
  const outcome = only(accepted(frame, done.result));
  return done.isStored ? { ...outcome, moved: { account: account.id, symbol: done.symbol } } : outcome;
}

export function carryOut(world: UnifiedWorld, party: Party, frame: Frame, execution: Execution): Outcome {
  const opening = { world, party, frame, isOld: execution === 'old value' };
  switch (frame.method) {
    case 'ping':
      return only(world.switches.answersPing ? { ...accepted(frame), method: 'pong' } : rejected(frame, unsupported));
    case 'subscribe':
      return subscribe(opening);
    case 'unsubscribe':
      return unsubscribe(opening);
    case 'set_preference':
      return set(opening, execution);
    default:
      return only(rejected(frame, unsupported));
  }
}
