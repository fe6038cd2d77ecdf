import type { Credentials } from '../src/account.ts';
import { type Call, type Command, type Subcommand, subcommand } from '../src/command.ts';
import { Failure, unreachable } from '../src/errors.ts';
import { type LastSet, type LastSets, lastSetText } from '../src/leverage/last-set.ts';
import { marketLabel, rangeText } from '../src/leverage/market.ts';
import { requireOpen } from '../src/leverage/retirement.ts';
import { distanceText, distanceToLiquidation } from '../src/leverage/risk.ts';
import { type CurrentSetting, describeSetting, type Leverage, readTypedLeverage } from '../src/leverage/setting.ts';
import {
  chooseCurrency,
  type ListGap,
  type MarketAndCurrency,
  type OpenOrders,
  type Position,
  requireVenue,
  type SettingsList,
  type Venue,
} from '../src/leverage/venue.ts';
import type { Wish } from '../src/leverage/wish.ts';
import type { Services } from '../src/services.ts';
import type { Span, Text, View } from '../src/view.ts';
import { completeOption } from './completions.ts';
import {
  account,
  currencyOption,
  leverage,
  market,
  optionalMarket,
  parseLabel,
  parseMarket,
  share,
  venue,
} from './options.ts';

const MAX_LISTED = 40;

/** /leverage set | cross | show */
export function createLeverage(services: Services): Command {
  const { venues } = services;
  const currency = currencyOption(venues);
  const complete: Subcommand['complete'] = (...asked) => completeOption(services, ...asked);
  const set = subcommand({
    name: 'set',
    description: 'Set the leverage of one market',
    options: { venue, market, leverage, currency, account, share },
    complete,
    run: (call, values) => setLeverage(services, call, values),
  });
  const cross = subcommand({
    name: 'cross',
    description: 'Put one market back to cross margin',
    options: { venue, market, account, share },
    complete,
    run: (call, values) => setCross(services, call, values),
  });
  const show = subcommand({
    name: 'show',
    description: 'Show your leverage',
    options: { venue, market: optionalMarket, currency, account },
    complete,
    run: (call, values) => showLeverage(services, call, values),
  });
  return { name: 'leverage', description: 'Set and show futures leverage', subcommands: [set, cross, show] };
}

type Optional = { readonly account: string | undefined; readonly currency: string | undefined };
type CrossValues = Pick<Optional, 'account'> & { readonly venue: string; readonly market: string };
type SetValues = CrossValues & Optional & { readonly leverage: string };
type ShowValues = Optional & { readonly venue: string; readonly market: string | undefined };

async function setLeverage(services: Services, call: Call, values: SetValues): Promise<View> {
  const typed = readTypedLeverage(values.leverage);
  if (typed.kind === 'none') throw new Failure({ code: 'BAD_LEVERAGE', text: values.leverage });
  const wish = {
    ...whereOf(services, values),
    setting: { mode: 'isolated', leverage: typed.kind === 'comma' ? typed.meant : typed.leverage },
    ...(values.currency !== undefined && { currency: values.currency }),
  } as const;
  if (typed.kind === 'comma') return askForMeant(services, call, values.leverage, typed.meant, wish);
  return (await services.cards.ask(call, wish)).view;
}

async function setCross(services: Services, call: Call, values: CrossValues): Promise<View> {
  const wish = { ...whereOf(services, values), setting: { mode: 'cross' } } as const;
  return (await services.cards.ask(call, wish)).view;
}

function whereOf({ venues }: Services, { venue: id, market: text, account: name }: CrossValues) {
  return {
    venue: id,
    label: parseLabel('account', name),
    market: parseMarket(venues, requireVenue(venues, id), text),
  };
}

/** A guess is never acted on: it has a button of its own, and that makes a card like any other. */
async function askForMeant(
  { tickets }: Services,
  { user }: Call,
  text: string,
  meant: Leverage,
  wish: Wish,
): Promise<View> {
  const { id, endsAt } = await tickets.issue(user, { kind: 'make-card', wish });
  return {
    tone: 'refused',
    isPrivate: true,
    title: `Did you mean ${meant}?`,
    body: [
      `“${text}” is not a leverage here: write it with a point. Nothing was changed. The button makes the card for ${meant}x, for you alone, and ends `,
      { time: endsAt, style: 'relative' },
      '.',
    ],
    buttons: [{ kind: 'press', verb: 'do', id, label: `Yes, make the card for ${meant}x`, style: 'primary' }],
  };
}

async function showLeverage(services: Services, { user }: Call, values: ShowValues): Promise<View> {
  const { venues, keys, markets, symbolsSetBy, lastSetBy, now } = services;
  const found = requireOpen(venues, values.venue);
  const margin = chooseCurrency(found, values.currency);
  const key = await keys.load({ user, venue: found.id, label: parseLabel('account', values.account) });
  await markets.refresh(found, key.credentials);
  if (values.market === undefined) {
    const symbols = await symbolsSetBy(key.account);
    const list = await found.listSettings(key.credentials, { symbols, ...margin });
    return listView(found, { ...list, last: await lastSetBy(key.account) }, await now(), margin.currency);
  }
  const market = await found.readMarket(key.credentials, parseMarket(venues, found, values.market));
  const held = await readHeld(found, key.credentials, { market, ...margin });
  const last = held.current.mode === 'unknown' ? await lastSetBy(key.account) : {};
  return marketView(found, held, await now(), last[marketLabel(held.target)]);
}

/** What an exchange holds for one market just now. */
type Held = {
  readonly target: MarketAndCurrency;
  readonly current: CurrentSetting;
  readonly position?: Position;
  readonly orders: OpenOrders;
};

async function readHeld(found: Venue, credentials: Credentials, target: MarketAndCurrency): Promise<Held> {
  const [current, position, orders] = await Promise.all([
    found.readSetting(credentials, target),
    found.readPosition(credentials, target),
    found.readOpenOrders(credentials, target),
  ]);
  return { target, current, orders, ...(position && { position }) };
}

function marketView(
  found: Venue,
  { target, current, position, orders }: Held,
  time: number,
  last: LastSet | undefined,
): View {
  const { bounds } = target.market;
  const distance =
    position === undefined || current.mode === 'unset' ? undefined : distanceToLiquidation(position, current, current);
  return {
    tone: 'plain',
    title: heldTitle(found, target, current),
    body: [...(last === undefined ? [] : [...lastSetText(last), '\n']), ...asOf(found, time)],
    fields: [
      { name: 'Allowed here', value: `${rangeText(bounds)}, steps of ${bounds.step}`, isInline: true },
      { name: 'Position', value: position?.side ?? 'none', isInline: true },
      { name: 'Open orders', value: orders.count === 0 ? 'none' : 'yes', isInline: true },
      ...(distance === undefined ? [] : [{ name: 'Distance to liquidation', value: distanceText(distance) }]),
    ],
  };
}

function heldTitle({ label }: Venue, target: MarketAndCurrency, current: CurrentSetting): string {
  const market = marketLabel(target);
  switch (current.mode) {
    case 'unset':
      return `${market} is not set on ${label}`;
    case 'unknown':
      return `${label} does not show what is set for ${market}`;
    default:
      return `${market} is at ${describeSetting(current)} on ${label}`;
  }
}

type Listed = SettingsList & { readonly last: LastSets };

function listView(found: Venue, { settings, unread, gaps, last }: Listed, time: number, currency?: string): View {
  const shown = new Set(settings.flatMap(({ symbol, setting }) => (setting.mode === 'unknown' ? [] : [symbol])));
  const hidden = settings.map(({ symbol }) => symbol).filter((symbol) => !shown.has(symbol));
  const own = Object.keys(last).filter((symbol) => !shown.has(symbol));
  const isComplete = hidden.length + own.length + unread.length + gaps.length === 0;
  const none = isComplete ? 'No market is isolated: all are at cross margin.' : 'No setting could be listed.';
  const rows: readonly (readonly [string, readonly Span[]])[] = [
    ...settings
      .filter(({ symbol }) => shown.has(symbol))
      .map(({ symbol, setting }) => [symbol, [describeSetting(setting)]] as const),
    ...[...new Set([...own, ...hidden])].map((symbol) => [symbol, hiddenText(last[symbol])] as const),
    ...unread.map((symbol) => [symbol, ['could not be read just now']] as const),
  ];
  const lines = rows.slice(0, MAX_LISTED).flatMap(([symbol, text]) => [{ strong: symbol }, ': ', ...text, '\n']);
  const more = rows.length > MAX_LISTED ? [`and ${rows.length - MAX_LISTED} more; name a market to see it.\n`] : [];
  const others = isComplete && rows.length > 0 ? ['All other markets are at cross margin.\n'] : [];
  const otherMargin = found.tradeCurrencies.filter((one) => one !== currency);
  const leftOut = [
    ...gaps.map((gap) => `${leftOutText(gap)}\n`),
    ...otherMargin.map((one) => `Left out: ${one} margin. See it with the option "currency".\n`),
  ];
  return {
    tone: 'plain',
    title: `Leverage on ${found.label}${currency === undefined ? '' : ` (${currency})`}`,
    body: [...(rows.length === 0 ? [`${none}\n`] : lines), ...more, ...others, ...leftOut, ...asOf(found, time)],
  };
}

function hiddenText(last: LastSet | undefined): readonly Span[] {
  return last === undefined ? ['not shown'] : ['not shown. ', ...lastSetText(last)];
}

function leftOutText(gap: ListGap): string {
  switch (gap) {
    case 'set-elsewhere':
      return 'Left out: markets whose leverage was set elsewhere and that have no position and no order. Name a market to see it.';
    case 'positions':
      return 'Left out: markets with an open position; the positions could not be read just now.';
    case 'orders':
      return 'Left out: markets with an open order; the orders could not be read just now.';
    case 'not-shown':
      return 'Left out: markets of which the exchange does not show what is set. That does not mean that nothing is set.';
    case 'unnamed-rows':
      return 'Left out: something that the exchange listed without naming its market.';
    default:
      return unreachable(gap);
  }
}

function asOf({ label }: Venue, time: number): Exclude<Text, string> {
  return [`Read from ${label} at `, { time, style: 'clock' }, '.'];
}
