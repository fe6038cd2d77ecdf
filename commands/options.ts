import { optionalBoolean, optionalText, textOption, venueOption } from '../src/command.ts';
import { Failure } from '../src/errors.ts';
import type { Venue, Venues } from '../src/leverage/venue.ts';

/** The label of an account whose owner gave it none. */
const DEFAULT_LABEL = 'main';
/** Between venue and symbol in a completion that was offered before a venue was chosen; no symbol has one. */
export const SEPARATOR = ':';

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
