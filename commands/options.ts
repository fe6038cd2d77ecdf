import type { Caller } from '../src/caller.ts';
import { type Completion, optionalBoolean, optionalText, textOption, venueOption } from '../src/command.ts';
import { Failure } from '../src/errors.ts';
import { searchMarkets } from '../src/leverage/market-search.ts';
import { requireVenue, type Venue, type Venues } from '../src/leverage/venue.ts';
import type { Services } from '../src/services.ts';

/** The label of an account whose owner gave it none. */
const DEFAULT_LABEL = 'main';
const MAX_COMPLETIONS = 25;
/** Between venue and symbol in a completion that was offered before a venue was chosen; no symbol has one. */
const SEPARATOR = ':';

export const venue = venueOption('The exchange');
export const market = textOption('The market, such as btc, BTC/USD or the exchange’s own symbol', {
  maxLength: 60,
  completes: true,
});
export const optionalMarket = optionalText('The market; leave it out to see all that have a setting', {
  maxLength: 60,
  completes: true,
});
export const leverage = textOption('The new maximum leverage, such as 5 or 2.5', { maxLength: 20 });
export const account = optionalText('Which of your keys, when you have several; "main" if left out', {
  maxLength: 20,
  completes: true,
});
export const label = optionalText('A name for the key, when you want several; "main" if left out', {
  maxLength: 20,
  completes: true,
});
export const share = optionalBoolean('Show the card to this channel, without position, orders or distances');

/** The margin currencies of all venues, as a choice. */
export function currencyOption(venues: Venues) {
  const choices = [...new Set([...venues.values()].flatMap(({ tradeCurrencies }) => tradeCurrencies))];
  return optionalText('Margin currency, where the exchange keeps one leverage for each', {
    maxLength: 10,
    ...(choices.length > 0 && { choices }),
  });
}

/** @throws Failure BAD_OPTION for anything but small letters, digits and hyphens */
export function parseLabel(option: string, text: string | undefined): string {
  if (text === undefined) return DEFAULT_LABEL;
  if (/^[a-z0-9-]{1,20}$/.test(text)) return text;
  throw new Failure({ code: 'BAD_OPTION', option, hint: 'Use only a to z, 0 to 9 and -, up to 20. Example: desk-2' });
}

/**
 * The market that was typed or chosen: `kraken-futures:PF_XBTUSD` of a completion names the venue too.
 *
 * @throws Failure BAD_OPTION when that is another venue than the chosen one
 */
export function parseMarket(venues: Venues, chosen: Venue, text: string): string {
  const [id = '', ...rest] = text.split(SEPARATOR);
  const named = venues.get(id);
  if (named === undefined || rest.length === 0) return text;
  if (named.id === chosen.id) return rest.join(SEPARATOR);
  const hint = `You chose ${chosen.label}, but this market is at ${named.label}. Choose one of the two.`;
  throw new Failure({ code: 'BAD_OPTION', option: 'market', hint });
}

/** Completions for the options `market`, `account` and `label`, from memory and the bot's own store only. */
export function createCompleter({ venues, markets, keys }: Services) {
  function completeMarket(typed: string, chosen: unknown): readonly Completion[] {
    const found = typeof chosen === 'string' ? venues.get(chosen) : undefined;
    if (found === undefined) return completeAnywhere(typed);
    const matches = searchMarkets(markets.list(found.id), typed, MAX_COMPLETIONS);
    if (matches.length === 0) return [hint(typed, requireVenue(venues, found.id).exampleSymbol)];
    return matches.map(({ symbol, bounds }) => ({ name: `${symbol} · up to ${bounds.max}x`, value: symbol }));
  }

  /** Discord can fill in one option only, so the value says the venue too; that one is still to be chosen. */
  function completeAnywhere(typed: string): readonly Completion[] {
    const most = Math.max(1, Math.floor(MAX_COMPLETIONS / venues.size));
    return [...venues.values()].flatMap(({ id, label }) =>
      searchMarkets(markets.list(id), typed, most).map(({ symbol, bounds }) => ({
        name: `${symbol} · ${label} · up to ${bounds.max}x`,
        value: `${id}${SEPARATOR}${symbol}`,
      })),
    );
  }

  async function completeLabel(user: string, typed: string, chosen: unknown): Promise<readonly Completion[]> {
    const own = (await keys.list(user)).filter((key) => chosen === undefined || key.account.venue === chosen);
    const labels = [...new Set(own.map((key) => key.account.label))].filter((name) => name.startsWith(typed));
    return labels.slice(0, MAX_COMPLETIONS).map((name) => ({ name, value: name }));
  }

  return async (
    caller: Caller,
    option: string,
    typed: string,
    values: Readonly<Record<string, unknown>>,
  ): Promise<readonly Completion[]> =>
    option === 'market' ? completeMarket(typed, values.venue) : completeLabel(caller.user, typed, values.venue);
}

function hint(typed: string, example: string): Completion {
  return { name: `Type a symbol such as ${example}`, value: typed === '' ? example : typed };
}
