import { Big } from 'big.js';
import { Failure, type FailureData } from '../errors.ts';
import type { LeverageSetting } from './setting.ts';

/** What the operator allows; empty sets allow everybody and every server. `maxLeverage` is by venue id. */
export type LimitOptions = {
  readonly allowedGuilds: ReadonlySet<string>;
  readonly allowedUsers: ReadonlySet<string>;
  readonly maxLeverage: ReadonlyMap<string, string>;
  readonly isHalted: boolean;
};

export type Limits = {
  readonly isAllowed: (caller: { readonly user: string; readonly guild?: string }) => boolean;
  /** @throws Failure SERVER_NOT_ALLOWED, USER_NOT_ALLOWED */
  readonly assertAllowed: (caller: { readonly user: string; readonly guild?: string }) => void;
  /** @throws Failure HALTED, ABOVE_OPERATOR_MAXIMUM */
  readonly assertChange: (venue: { readonly id: string; readonly label: string }, setting: LeverageSetting) => void;
};

/** The operator's limits; they hold when a card is asked for and again when it is pressed. */
export function createLimits(options: LimitOptions): Limits {
  const { allowedGuilds, allowedUsers, maxLeverage, isHalted } = options;
  /** What stands in the way, if anything. */
  function obstacleFor({ user, guild }: { readonly user: string; readonly guild?: string }): FailureData | undefined {
    if (allowedUsers.size > 0 && !allowedUsers.has(user)) return { code: 'USER_NOT_ALLOWED' };
    if (allowedGuilds.size === 0) return undefined;
    // A list of servers does not say who may write direct messages; only being listed by name does.
    const isAllowedHere = guild === undefined ? allowedUsers.has(user) : allowedGuilds.has(guild);
    return isAllowedHere ? undefined : { code: 'SERVER_NOT_ALLOWED' };
  }

  return {
    isAllowed: (caller) => obstacleFor(caller) === undefined,
    assertAllowed: (caller) => {
      const obstacle = obstacleFor(caller);
      if (obstacle !== undefined) throw new Failure(obstacle);
    },
    assertChange: (venue, setting) => {
      if (isHalted) throw new Failure({ code: 'HALTED' });
      const max = maxLeverage.get(venue.id);
      if (max === undefined) return;
      // Cross has no number to compare: the whole balance backs the position, so a maximum excludes it only by mode.
      if (setting.mode === 'isolated' && new Big(setting.leverage).gt(max)) {
        throw new Failure({ code: 'ABOVE_OPERATOR_MAXIMUM', venue: venue.label, leverage: setting.leverage, max });
      }
    },
  };
}
