import { Failure, type FailureData } from '../src/errors.ts';
import { assertWithinBounds, rangeText } from '../src/leverage/market.ts';
import { type CurrentSetting, describeSetting, isSameSetting, type LeverageSetting } from '../src/leverage/setting.ts';
import type { ApplyResult, Venue } from '../src/leverage/venue.ts';
import type { Options } from './options.ts';
import type { Bench } from './question.ts';
import type { Terminal } from './terminal.ts';

/** A change that was sent, once. */
export type Change = {
  readonly result: ApplyResult;
  readonly before: CurrentSetting;
  readonly setting: LeverageSetting;
  /** For the terminal and the report. */
  readonly said: readonly string[];
};

const target = ({ venue, market }: Bench) => {
  const [currency] = venue.tradeCurrencies;
  return { market, ...(currency !== undefined && { currency }) };
};

/**
 * @param options.onSend - Told right before it is sent: from then on nobody may say that nothing was changed.
 * @returns what became of it, or undefined where it was not confirmed: then nothing was sent.
 */
export async function changeOnce(
  bench: Bench,
  setting: LeverageSetting,
  { say, ask, onSend }: Pick<Terminal, 'say' | 'ask'> & { readonly onSend: () => void },
): Promise<Change | undefined> {
  const { venue, credentials, market } = bench;
  const before = await readSetting(bench);
  for (const line of await describeChange(bench, before, setting)) say(line);
  const typed = await ask(`Type yes, or ${market.symbol}, to send it once. Anything else sends nothing:`);
  if (typed === undefined || !['yes', market.symbol].includes(typed.trim())) return undefined;
  onSend();
  say('Sending it.');
  const startedAt = performance.now();
  const result = await venue.applySetting(credentials, target(bench), setting, () => true);
  const ms = Math.round(performance.now() - startedAt);
  const after = await readSetting(bench);
  const change = `${market.symbol}: ${describeSetting(before)} → ${describeSetting(setting)}`;
  return {
    result,
    before,
    setting,
    said: [change, `${tellResult(result)} It took ${ms} ms.`, tellAfter(setting, after)],
  };
}

async function readSetting(bench: Bench): Promise<CurrentSetting> {
  try {
    return await bench.venue.readSetting(bench.credentials, target(bench));
  } catch (error) {
    if (error instanceof Failure) return { mode: 'unknown' };
    throw error;
  }
}

const positionWords = {
  unchanged: 'Open positions keep their leverage.',
  're-margined': 'An open position here is put on the new margin at once: it can come nearer to liquidation.',
  'not-told':
    'What becomes of an open position here is not documented. Expect that it is put on the new margin at once.',
} as const satisfies Readonly<Record<Venue['openPositions'], string>>;

const orderWords = {
  'cancelled-when-short': 'Orders that add risk are cancelled if margin gets short.',
  'not-told': 'What becomes of open orders is not documented.',
} as const;

async function describeChange(
  bench: Bench,
  before: CurrentSetting,
  setting: LeverageSetting,
): Promise<readonly string[]> {
  const { venue, market } = bench;
  const { has, unread } = await readOpen(bench);
  return [
    '',
    'This changes the account, once:',
    `  ${venue.label}, ${market.symbol}: ${describeSetting(before)} → ${describeSetting(setting)}`,
    ...(isSameSetting(before, setting) ? ['  It is set to this already.'] : []),
    ...outsideOf(bench, setting),
    ...(has.length > 0 ? [`  This market has ${has.join(' and ')}.`] : []),
    ...(unread.length > 0 ? [`  Could not be read: ${unread.join(', ')}.`] : []),
    `  ${positionWords[venue.openPositions]}`,
    ...(venue.openOrders === 'unchanged' ? [] : [`  ${orderWords[venue.openOrders]}`]),
  ];
}

/** What is open in this market, as far as it can be read. */
async function readOpen(bench: Bench) {
  const { venue, credentials } = bench;
  const reads = [
    {
      what: 'an open position',
      read: async () => (await venue.readPosition(credentials, target(bench))) !== undefined,
    },
    { what: 'open orders', read: async () => (await venue.readOpenOrders(credentials, target(bench))).count > 0 },
  ];
  const has: string[] = [];
  const unread: string[] = [];
  for (const { what, read } of reads) {
    try {
      if (await read()) has.push(what);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      unread.push(what);
    }
  }
  return { has, unread };
}

/** Refused or not is the question then, so it may be sent. */
function outsideOf({ market }: Bench, setting: LeverageSetting): readonly string[] {
  if (setting.mode === 'cross') return [];
  try {
    assertWithinBounds(market, setting.leverage);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const range = `${rangeText(market.bounds)}, in steps of ${market.bounds.step}`;
    return [`  The bot would not send this: it takes ${range}. A refusal is to be expected.`];
  }
}

function tellResult(result: ApplyResult): string {
  switch (result.kind) {
    case 'accepted':
      return 'The exchange accepted it.';
    case 'refused':
      return `The exchange refused it (${reasonOf(result.failure)}): nothing was changed.`;
    case 'not-sent':
      return `It was not sent (${reasonOf(result.failure)}): nothing was changed.`;
    case 'silent':
      return `No usable answer came (${reasonOf(result.failure)}): it may have been carried out. It was not sent again.`;
  }
}

export function reasonOf(data: FailureData): string {
  if (data.code === 'VENUE_REFUSED') return data.refusal;
  return data.code === 'VENUE_SILENT' ? data.silence : data.code;
}

function tellAfter(setting: LeverageSetting, after: CurrentSetting): string {
  if (after.mode === 'unknown') return 'The exchange does not show the setting: look at its own page.';
  const shown = describeSetting(after);
  return isSameSetting(setting, after)
    ? `Read back: ${shown}.`
    : `Read back: ${shown}, which is NOT what was asked for.`;
}

/** How to have the old setting again. */
export function putBack(
  { venue, market }: Bench,
  { playground }: Pick<Options, 'playground'>,
  { before }: Change,
): string {
  const where = playground === undefined ? '' : ` --playground ${playground}`;
  switch (before.mode) {
    case 'isolated':
    case 'cross': {
      const value = before.mode === 'cross' ? 'cross' : before.leverage;
      return `To put it back: npm run probe -- ${venue.id} --set ${market.symbol} ${value}${where}`;
    }
    case 'unset':
      return `Nothing was set before, which ${venue.label} cannot be brought back to: set what you want to have there.`;
    case 'unknown':
      return `What was set before could not be read: put back what ${venue.label}’s own page showed before.`;
  }
}
