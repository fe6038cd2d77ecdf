import { Big } from 'big.js';
import { type LastSet, lastSetText } from '../leverage/last-set.ts';
import { marketLabel, rangeText } from '../leverage/market.ts';
import type { Preview } from '../leverage/preview.ts';
import {
  type Distance,
  distanceText,
  newOrderDistance,
  percentAfter,
  percentText,
  priceLadder,
  type Risk,
  type Rung,
} from '../leverage/risk.ts';
import { type CurrentSetting, describeSetting, type LeverageSetting } from '../leverage/setting.ts';
import type { Venue, VenueWarning } from '../leverage/venue.ts';
import { type Button, type Span, spansOf, type Text, type View } from '../view.ts';
import type { Proposal } from './proposal.ts';

/** The widest line that a phone shows in a code block without breaking it. */
const LADDER_COLUMNS = 26;

/** "Set PF_XBTUSD to 5x isolated": exactly what the button does. */
export function actionLabel(change: Pick<Proposal, 'market' | 'currency' | 'setting'>): string {
  return `Set ${marketLabel(change)} to ${describeSetting(change.setting)}`;
}

/**
 * How a card came about. `note` says why it replaces another; `namesAccount` when its owner has several keys there;
 * `lastSet` is what the bot set there last.
 */
type CardReason = { readonly note?: string; readonly namesAccount?: boolean; readonly lastSet?: LastSet };

/** What concerns the whole exchange is no secret; what an account may do is. */
const warningsForAll: ReadonlySet<VenueWarning['kind']> = new Set(['maintenance-soon', 'venue-restricted']);

/**
 * The confirmation card, short enough for a phone. A shared card is the same whatever its owner has open at the venue:
 * nothing on it tells of a position, an order, a distance or what the account may do, nor do its colour and its buttons.
 * Warnings of the venue are only told: a change that they stand in the way of is refused by the venue itself.
 */
export function cardView(venue: Venue, proposal: Proposal, preview: Preview, reason: CardReason = {}): View {
  const { isShared, expiresAt } = proposal;
  const risks = isShared ? preview.risks.filter((risk) => risk === 'at-maximum') : preview.risks;
  const isRisky = risks.length > 0;
  const allowed = proposal.setting.mode === 'isolated' ? `Allowed: ${rangeText(preview.market.bounds)}. ` : '';
  const aside = isShared ? asideOf(venue, proposal, preview, reason) : undefined;
  return {
    tone: isRisky ? 'risky' : 'ask',
    title: `${actionLabel(proposal)} on ${venue.label}${accountPart(proposal, reason)}?`,
    body: lines([
      reason.note,
      risks.length === 0 ? undefined : [{ strong: warning(risks, preview.distance) }],
      ...(isShared ? [publicChange(venue, preview)] : changeLines(venue, preview, reason)),
      ...(isShared ? [] : exposureLines(venue, preview)),
      ...warningLines(preview, (kind) => !isShared || warningsForAll.has(kind)),
      [allowed, 'Ends ', { time: expiresAt, style: 'relative' }, '.'],
      venue.effect(preview, proposal.setting),
    ]),
    footer: 'Only you can press. Nothing is sent yet.',
    buttons: [
      press('confirm', proposal.id, actionLabel(proposal), isRisky ? 'danger' : 'primary'),
      press('cancel', proposal.id, 'Cancel', 'secondary'),
    ],
    ...(aside !== undefined && { aside }),
  };
}

/** What a shared card withholds, for its owner alone; undefined where there is nothing to tell. */
function asideOf(venue: Venue, proposal: Proposal, preview: Preview, reason: CardReason): View | undefined {
  const { position, openOrders, risks } = preview;
  const warnings = warningLines(preview, (kind) => !warningsForAll.has(kind));
  const isExposed = position !== undefined || openOrders.count > 0 || warnings.length > 0;
  if (!isExposed && venue.unlisted !== 'unknown') return undefined;
  const isNear = risks.includes('near-liquidation');
  return {
    tone: isNear ? 'risky' : 'plain',
    title: `For you alone: ${actionLabel(proposal)} on ${venue.label}${accountPart(proposal, reason)}`,
    body: lines([
      ...(isNear ? [[{ strong: warning(['near-liquidation'], preview.distance) }]] : []),
      ...changeLines(venue, preview, reason),
      ...exposureLines(venue, preview),
      ...warnings,
    ]),
    footer: 'The shared card does not show this.',
  };
}

/** The venue already holds what was asked for: no buttons. */
export function noChangeView(venue: Venue, preview: Preview): View {
  return {
    tone: 'done',
    title: `${marketLabel(preview)} is already at ${describeSetting(preview.setting)}`,
    body: `${venue.label} holds this setting now. Nothing needs to change, and nothing was sent.`,
  };
}

function press(
  verb: 'confirm' | 'cancel',
  id: string,
  label: string,
  style: 'primary' | 'danger' | 'secondary',
): Button {
  return { kind: 'press', verb, id, label, style };
}

function accountPart({ account }: Proposal, { namesAccount = false }: CardReason): string {
  return namesAccount ? ` with key "${account.label}"` : '';
}

/** One line each; those that are not there are left out. */
function lines(texts: readonly (Text | undefined)[]): readonly Span[] {
  const given = texts.filter((text) => text !== undefined);
  return given.flatMap((text, index): readonly Span[] => [...(index === 0 ? [] : ['\n']), ...spansOf(text)]);
}

/** What changes, and what it does to the distance of liquidation; where the venue does not show what is set, that. */
function changeLines(venue: Venue, preview: Preview, { lastSet }: CardReason): readonly Text[] {
  const { current, setting } = preview;
  const change = [{ strong: fromTo(current, setting) }, ...distancePart(venue, preview)];
  if (current.mode !== 'unknown') return [change];
  const own = lastSet === undefined ? [] : [' ', ...lastSetText(lastSet)];
  return [change, [`${venue.label} does not show the present setting.`, ...own]];
}

/** A venue may show what is set because of what is open: then a channel is not told what that is. */
function publicChange({ unlisted }: Venue, { current, setting }: Preview): Text {
  return [{ strong: fromTo(unlisted === 'unknown' ? { mode: 'unknown' } : current, setting) }];
}

function warningLines({ warnings }: Preview, isWanted: (kind: VenueWarning['kind']) => boolean): readonly Text[] {
  return warnings.filter(({ kind }) => isWanted(kind)).map(({ text }) => text);
}

/** "3x → 5x"; with the margin mode where that changes too, and "New: 5x isolated" where it is not known from what. */
function fromTo(current: CurrentSetting, setting: LeverageSetting): string {
  if (current.mode === 'unknown') return `New: ${describeSetting(setting)}`;
  if (current.mode === 'isolated' && setting.mode === 'isolated') return `${current.leverage}x → ${setting.leverage}x`;
  return `${describeSetting(current)} → ${describeSetting(setting)}`;
}

/** Behind the change: how far liquidation is before and after it. */
function distancePart(venue: Venue, { current, setting, distance }: Preview): readonly Span[] {
  if (venue.openPositions === 'unchanged') return newOrderPart(current, setting);
  return distance === undefined ? [] : ['\n', 'Liquidation: ', ...distanceText(distance)];
}

function newOrderPart(current: CurrentSetting, setting: LeverageSetting): readonly Span[] {
  if (setting.mode !== 'isolated') return [];
  const after = percentText(newOrderDistance(setting.leverage));
  const change = current.mode === 'isolated' ? `${percentText(newOrderDistance(current.leverage))} → ${after}` : after;
  return ['\n', 'New orders: liquidation less than ', { strong: change }, ' away'];
}

const ordersText: Readonly<Record<Venue['openOrders'], readonly string[]>> = {
  unchanged: [],
  'cancelled-when-short': ['You have open orders: if margin gets short, the exchange cancels those that add risk.'],
  'not-told': ['You have open orders: the exchange does not say whether it keeps all of them.'],
};

const positionTexts: Readonly<Record<Venue['openPositions'], string>> = {
  unchanged: 'it keeps its leverage.',
  're-margined': 'it is re-margined at once.',
  'not-told': 'the exchange does not say what this does to it. Expect that it is re-margined at once.',
};

/** What is open at the venue: nothing where nothing is. */
function exposureLines(venue: Venue, { position, openOrders, distance }: Preview): readonly Text[] {
  const isTouched = venue.openPositions !== 'unchanged';
  const orders = openOrders.count > 0 ? ordersText[venue.openOrders] : [];
  if (position === undefined) return orders;
  const effect = positionTexts[venue.openPositions];
  const unchanged = isTouched || distance === undefined ? [] : [' Liquidation: ', ...distanceText(distance), '.'];
  const rungs = distance === undefined ? [] : priceLadder(position, distance);
  const ladder = rungs.length === 0 ? [] : [[{ block: ladderText(rungs) }]];
  return [...ladder, [`You have a ${position.side} position: ${effect}`, ...unchanged], ...orders];
}

/** The rungs as lines of one width, names on the left, distances from the mark price on the right. */
export function ladderText(rungs: readonly Rung[]): string {
  return rungs.map(rungText).join('\n');
}

function rungText({ name, percent }: Rung): string {
  const away = shortPercent(percent);
  return `${name} ${' '.repeat(Math.max(0, LADDER_COLUMNS - name.length - away.length - 1))}${away}`;
}

function shortPercent(percent: string): string {
  const value = new Big(percent);
  if (value.abs().gte(1000)) return value.gt(0) ? '> +999 %' : '< -999 %';
  return `${value.gt(0) ? '+' : ''}${percent} %`;
}

/** All risks in one sentence: a phone has no room for one line each. */
function warning(risks: readonly Risk[], distance: Distance | undefined): string {
  return `Careful: ${risks.map((risk) => riskText(risk, distance)).join(', and ')}.`;
}

function riskText(risk: Risk, distance: Distance | undefined): string {
  if (risk === 'at-maximum') return 'this is the highest leverage here';
  return new Big(percentAfter(distance) ?? '0').gt(0) ? 'liquidation would be near' : 'the price is past liquidation';
}
