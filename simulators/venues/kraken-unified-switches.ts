/**
 * What Kraken's pages leave open, or what of them was cut off. Each can be turned while the simulator runs; the defaults
 * are what is documented, so nothing shows a leverage.
 */
export type UnifiedSwitches = {
  /** Whether the answer to `set_preference` repeats the setting, and whether truly. */
  echo: 'none' | 'equal' | 'unequal';
  /** Whether `preferences` tells the leverage of markets, in the snapshot and when it changes. */
  preferencesTellLeverage: boolean;
  /** Whether rows of `positions` with margin have `max_fixed_leverage`, as those of the old feed had. */
  positionsTellLeverage: boolean;
  /** Whether they have figures of margin and risk as well. */
  positionsTellRisk: boolean;
  /** How many more times a subscription of `preferences` is refused: "not available yet". */
  preferencesNotYet: number;
  /** How many more snapshots of positions are too large to be sent. */
  snapshotsTooLarge: number;
  /** Whether the private address says its status as well when somebody connects. */
  statusOnPrivate: boolean;
  /** Whether `instrument` has the margin schedule of each contract. */
  marginScheduleInInstrument: boolean;
  /** Whether `ticker` has the mark price of a contract. */
  markPriceInTicker: boolean;
  /** Whether what changed is told after the answer to the request that changed it, not before. */
  tellsAfterAnswers: boolean;
  /** Whether `set_preference` is rejected for an account that may not trade futures. */
  rejectsWhenDisabled: boolean;
  /** Whether it is rejected when it would change nothing. */
  rejectsSameValue: boolean;
  /** Of which a leverage must be a multiple; decimal text. */
  leverageStep: string;
  /** Whether a connection that has a subscription takes tokens of that account alone. */
  oneAccountPerSocket: boolean;
  /** Whether a ping is answered, as it is at Spot. */
  answersPing: boolean;
  /** Whether an address that is banned from the sockets is kept away from REST as well. */
  banCoversRest: boolean;
  /** A heartbeat before every answer on a connection that has a subscription. */
  heartbeatBeforeAnswers: boolean;
  /** Which permissions of the key each request demands. */
  readonly demands: Record<UnifiedRequest, readonly string[]>;
};

/** What a permission can be demanded for. */
export type UnifiedRequest =
  | 'GetWebSocketsToken'
  | 'set_preference'
  | 'preferences'
  | 'positions'
  | 'executions'
  | 'margin';

export const createSwitches = (turned: Partial<UnifiedSwitches> = {}): UnifiedSwitches => ({
  echo: 'none',
  preferencesTellLeverage: false,
  positionsTellLeverage: false,
  positionsTellRisk: true,
  preferencesNotYet: 0,
  snapshotsTooLarge: 0,
  statusOnPrivate: true,
  marginScheduleInInstrument: false,
  markPriceInTicker: true,
  tellsAfterAnswers: false,
  rejectsWhenDisabled: false,
  rejectsSameValue: false,
  leverageStep: '0.01',
  oneAccountPerSocket: false,
  answersPing: true,
  banCoversRest: false,
  heartbeatBeforeAnswers: false,
  demands: {
    GetWebSocketsToken: ['create-ws-token'],
    set_preference: ['modify-trades'],
    preferences: [],
    positions: ['query-open-trades'],
    executions: ['query-open-trades'],
    margin: [],
  },
  ...turned,
});
