import { Big } from 'big.js';
import type { Caller } from '../caller.ts';
import { type ButtonFailure, Failure, type RulesFailure } from '../errors.ts';
import type { LeverageSetting } from './setting.ts';

/**
 * What the operator allows; empty sets allow everybody and every server. `maxLeverage` is by venue id; no entry leaves it
 * to the venue's own bounds.
 */
export type Rules = {
  readonly allowedGuilds: ReadonlySet<string>;
  readonly allowedUsers: ReadonlySet<string>;
  readonly maxLeverage: ReadonlyMap<string, string>;
  readonly isHalted: boolean;
};

/** `yes`, or what stands in the way. */
export type Permission = 'yes' | RulesFailure | ButtonFailure;

/** What somebody wants to set. */
export type WantedSetting = {
  readonly venue: { readonly id: string; readonly label: string };
  readonly setting: LeverageSetting;
};

/** @throws Failure for a permission that is not `yes` */
export function demand(permission: Permission): void {
  if (permission !== 'yes') throw new Failure(permission);
}

/** Whether a person may use the bot where they are: for all that opens a key or asks an exchange. */
export function mayUse(
  { allowedUsers, allowedGuilds }: Rules,
  { user, guild }: Pick<Caller, 'user' | 'guild'>,
): Permission {
  if (allowedUsers.size > 0 && !allowedUsers.has(user)) return { code: 'USER_NOT_ALLOWED' };
  if (allowedGuilds.size === 0) return 'yes';
  // A list of servers does not say who may write direct messages; only being listed by name does.
  const isAllowedHere = guild === undefined ? allowedUsers.has(user) : allowedGuilds.has(guild);
  return isAllowedHere ? 'yes' : { code: 'SERVER_NOT_ALLOWED' };
}

/** Whether a person may have this set: asked when a card is made, and again when it is confirmed. */
export function mayAsk(rules: Rules, caller: Caller, { venue, setting }: WantedSetting): Permission {
  const use = mayUse(rules, caller);
  if (use !== 'yes') return use;
  if (rules.isHalted) return { code: 'HALTED' };
  const max = rules.maxLeverage.get(venue.id);
  // Cross has no number to compare: the whole balance backs the position, so a maximum excludes it only by mode.
  if (max === undefined || setting.mode !== 'isolated' || new Big(setting.leverage).lte(max)) return 'yes';
  return { code: 'ABOVE_OPERATOR_MAXIMUM', venue: venue.label, leverage: setting.leverage, max };
}

/** Whether a person may press the buttons of a card: only whoever asked for it may. */
export function mayPress(rules: Rules, presser: Caller, { by }: { readonly by: string }): Permission {
  const use = mayUse(rules, presser);
  if (use !== 'yes') return use;
  return by === presser.user ? 'yes' : { code: 'NOT_YOURS' };
}
