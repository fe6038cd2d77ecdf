import type { Button, Text, View } from '../command.ts';
import type { Proposal } from '../confirm/proposal.ts';
import type { Venue } from '../venues/venue.ts';
import type { Preview } from './preview.ts';
import type { Distance, Risk } from './risk.ts';
import { describeSetting, type LeverageSetting } from './setting.ts';

type Field = NonNullable<View['fields']>[number];

/** "Set PF_XBTUSD to 5x isolated": exactly what the button does. */
export function actionLabel(symbol: string, setting: LeverageSetting): string {
  return `Set ${symbol} to ${describeSetting(setting)}`;
}

/**
 * The confirmation card. A shared card leaves out the position, the orders and the distances.
 *
 * @param note - Why a new card replaces an old one, when it does.
 */
export function cardView(venue: Venue, proposal: Proposal, preview: Preview, note?: string): View {
  const { market, setting, expiresAt } = proposal;
  const isRisky = preview.risks.length > 0;
  return {
    tone: isRisky ? 'risky' : 'ask',
    title: `${actionLabel(market.symbol, setting)} on ${venue.label}?`,
    body: [note === undefined ? '' : `${note} `, venue.effect(preview, setting)],
    fields: [
      { name: 'Now', value: describeSetting(preview.current), isInline: true },
      { name: 'New', value: [{ strong: describeSetting(setting) }], isInline: true },
      { name: 'Allowed here', value: boundsText(preview), isInline: true },
      ...(isRisky ? [{ name: 'Careful', value: riskText(preview.risks, proposal.isShared) }] : []),
      ...(proposal.isShared ? [] : exposure(venue, preview)),
      ...accountField(proposal),
      { name: 'Expires', value: [{ time: expiresAt, style: 'relative' }], isInline: true },
    ],
    footer: 'Nothing is sent before you press. Only you can.',
    buttons: [
      press('confirm', proposal.id, actionLabel(market.symbol, setting), isRisky ? 'danger' : 'primary'),
      press('cancel', proposal.id, 'Cancel', 'secondary'),
    ],
  };
}

/** The venue already holds what was asked for: no buttons. */
export function noChangeView(venue: Venue, preview: Preview): View {
  return {
    tone: 'done',
    title: `${preview.market.symbol} is already at ${describeSetting(preview.setting)}`,
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

function boundsText({ market }: Preview): string {
  const { min, max, step } = market.bounds;
  return `${min}x to ${max}x, steps of ${step}`;
}

function accountField({ account, currency }: Proposal): readonly Field[] {
  const margin = currency === undefined ? [] : [{ name: 'Margin', value: currency, isInline: true }];
  return [...margin, { name: 'Account', value: account.label, isInline: true }];
}

function exposure(venue: Venue, { position, openOrders, distance }: Preview): readonly Field[] {
  const orders = { name: 'Open orders', value: ordersText(venue, openOrders.count), isInline: true };
  if (position === undefined) return [{ name: 'Position', value: 'none', isInline: true }, orders];
  const fields = [{ name: 'Position', value: position.side, isInline: true }, orders];
  return distance === undefined
    ? fields
    : [...fields, { name: 'Distance to liquidation', value: distanceText(distance) }];
}

function ordersText(venue: Venue, count: number): string {
  if (count === 0) return 'none';
  // Kraken cancels risk-increasing open orders when the initial margin no longer suffices.
  return venue.modes.includes('cross') ? 'yes; if margin gets short, the exchange cancels those that add risk' : 'yes';
}

/** How far liquidation is, in words; without a change before and after are the same. */
export function distanceText(distance: Distance): Text {
  switch (distance.kind) {
    case 'estimate':
      if (distance.before === distance.after) return `estimate: ${far(distance.after)}`;
      return [`estimate: ${far(distance.before)} now, `, { strong: far(distance.after) }, ' after this'];
    case 'venue':
      return `${far(distance.percent)}, unchanged by this`;
    case 'whole-account':
      return 'depends on your whole account when cross margin is involved';
    case 'unavailable':
      return 'not available: the exchange does not say enough to work it out';
  }
}

function far(percent: string): string {
  return percent.startsWith('-') ? `already past it (${percent} %)` : `${percent} % away`;
}

function riskText(risks: readonly Risk[], isShared: boolean): string {
  const texts = risks.flatMap((risk) => {
    if (risk === 'at-maximum') return ['this is the highest leverage that the market allows'];
    return isShared ? [] : ['liquidation would be near'];
  });
  return texts.length === 0 ? 'check your position before you press' : texts.join('; ');
}
