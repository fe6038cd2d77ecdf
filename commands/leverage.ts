import { type Call, type Command, subcommand } from '../src/command.ts';
import { Failure, unreachable } from '../src/errors.ts';
import { marketLabel } from '../src/leverage/market.ts';
import { distanceText, distanceToLiquidation } from '../src/leverage/risk.ts';
import { describeSetting, type Leverage, readTypedLeverage } from '../src/leverage/setting.ts';
import {
  chooseCurrency,
  type ListGap,
  type MarketAndCurrency,
  requireVenue,
  type SettingsList,
  type Venue,
} from '../src/leverage/venue.ts';
import type { Wish } from '../src/leverage/wish.ts';
import type { Services } from '../src/services.ts';
import type { Text, View } from '../src/view.ts';
import {
  account,
  createCompleter,
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
  const { venues, keys, cards, tickets, markets, symbolsSetBy, now } = services;
  const complete = createCompleter(services);
  const currency = currencyOption(venues);

  const marketIn = (venueId: string, text: string) => parseMarket(venues, requireVenue(venues, venueId), text);

  const set = subcommand({
    name: 'set',
    description: 'Set the leverage of one market',
    options: { venue, market, leverage, currency, account, share },
    complete,
    run: async (call, values) => {
      const typed = readTypedLeverage(values.leverage);
      if (typed.kind === 'none') throw new Failure({ code: 'BAD_LEVERAGE', text: values.leverage });
      const wish = {
        venue: values.venue,
        label: parseLabel('account', values.account),
        market: marketIn(values.venue, values.market),
        setting: { mode: 'isolated', leverage: typed.kind === 'comma' ? typed.meant : typed.leverage },
        ...(values.currency !== undefined && { currency: values.currency }),
      } as const;
      if (typed.kind === 'comma') return askForMeant(call, values.leverage, typed.meant, wish);
      return (await cards.ask(call, wish)).view;
    },
  });

  /** A guess is never acted on: it has a button of its own, and that makes a card like any other. */
  async function askForMeant({ user }: Call, text: string, meant: Leverage, wish: Wish): Promise<View> {
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

  const cross = subcommand({
    name: 'cross',
    description: 'Put one market back to cross margin',
    options: { venue, market, account, share },
    complete,
    run: async (call, values) => {
      const label = parseLabel('account', values.account);
      const market = marketIn(values.venue, values.market);
      const wish = { venue: values.venue, label, market, setting: { mode: 'cross' } as const };
      return (await cards.ask(call, wish)).view;
    },
  });

  const show = subcommand({
    name: 'show',
    description: 'Show your leverage now',
    options: { venue, market: optionalMarket, currency, account },
    complete,
    run: async (call, values) => {
      const found = requireVenue(venues, values.venue);
      const margin = chooseCurrency(found, values.currency);
      const key = await keys.load({ user: call.user, venue: found.id, label: parseLabel('account', values.account) });
      await markets.refresh(found, key.credentials);
      if (values.market === undefined) {
        const symbols = await symbolsSetBy(key.account);
        const list = await found.listSettings(key.credentials, { symbols, ...margin });
        return listView(found, list, await now(), margin.currency);
      }
      const target: MarketAndCurrency = {
        market: await found.readMarket(key.credentials, parseMarket(venues, found, values.market)),
        ...margin,
      };
      const [current, position, orders] = await Promise.all([
        found.readSetting(key.credentials, target),
        found.readPosition(key.credentials, target),
        found.readOpenOrders(key.credentials, target),
      ]);
      const { min, max, step } = target.market.bounds;
      const distance =
        position === undefined || current.mode === 'unset'
          ? undefined
          : distanceToLiquidation(position, current, current);
      return {
        tone: 'plain',
        title: `${marketLabel(target)} is ${current.mode === 'unset' ? 'not set' : `at ${describeSetting(current)}`} on ${found.label}`,
        body: asOf(found, await now()),
        fields: [
          { name: 'Allowed here', value: `${min}x to ${max}x, steps of ${step}`, isInline: true },
          { name: 'Position', value: position?.side ?? 'none', isInline: true },
          { name: 'Open orders', value: orders.count === 0 ? 'none' : 'yes', isInline: true },
          ...(distance === undefined ? [] : [{ name: 'Distance to liquidation', value: distanceText(distance) }]),
        ],
      };
    },
  });

  return { name: 'leverage', description: 'Set and show futures leverage', subcommands: [set, cross, show] };
}

function listView(found: Venue, { settings, unread, gaps }: SettingsList, time: number, currency?: string): View {
  const isComplete = unread.length + gaps.length === 0;
  const none = isComplete ? 'No market is isolated: all are at cross margin.' : 'No setting could be listed.';
  const rows = [
    ...settings.map(({ symbol, setting }) => [symbol, describeSetting(setting)] as const),
    ...unread.map((symbol) => [symbol, 'could not be read just now'] as const),
  ];
  const lines = rows.slice(0, MAX_LISTED).flatMap(([symbol, text]) => [{ strong: symbol }, `: ${text}\n`]);
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

function leftOutText(gap: ListGap): string {
  switch (gap) {
    case 'set-elsewhere':
      return 'Left out: markets whose leverage was set elsewhere and that have no position and no order. Name a market to see it.';
    case 'positions':
      return 'Left out: markets with an open position; the positions could not be read just now.';
    case 'orders':
      return 'Left out: markets with an open order; the orders could not be read just now.';
    case 'unnamed-rows':
      return 'Left out: something that the exchange listed without naming its market.';
    default:
      return unreachable(gap);
  }
}

function asOf({ label }: Venue, time: number): Exclude<Text, string> {
  return [`Read from ${label} at `, { time, style: 'clock' }, '.'];
}
