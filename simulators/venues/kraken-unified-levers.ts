import type { UnifiedSwitches } from './kraken-unified-switches.ts';
import type { SystemStatus, UnifiedControls } from './kraken-unified-world.ts';
import type { Lever, Levers } from './levers.ts';

type Simulator = Pick<UnifiedControls, 'switches' | 'setStatus' | 'setFutures' | 'revokeTokens' | 'dropConnections'>;

type Turn = {
  readonly simulator: Simulator;
  readonly account: string;
  readonly isOn: boolean;
};

type KrakenLever = Omit<Lever, 'isMoment'> & {
  readonly isMoment?: true;
  /** Levers of one group turn each other back. */
  readonly group?: 'system' | 'futures' | 'echo';
  /** Whether it is for one account alone. */
  readonly isOwn?: true;
  readonly turn: (turn: Turn) => void;
};

const system = (status: SystemStatus) => ({
  group: 'system' as const,
  turn: ({ simulator, isOn }: Turn) => simulator.setStatus({ system: isOn ? status : 'online' }),
});

const futures = (permission: 'reduce_only' | 'disabled') => ({
  ...{ group: 'futures' as const, isOwn: true as const },
  turn: ({ simulator, account, isOn }: Turn) => simulator.setFutures(account, isOn ? permission : 'enabled'),
});

const echo = (said: 'equal' | 'unequal') => ({
  group: 'echo' as const,
  turn: ({ simulator: { switches }, isOn }: Turn) => {
    switches.echo = isOn ? said : 'none';
  },
});

type Flag = {
  [Name in keyof UnifiedSwitches]: UnifiedSwitches[Name] extends boolean ? Name : never;
}[keyof UnifiedSwitches];

/** @param whenOn - What the switch is at while the lever is turned. */
const flag = (name: Flag, whenOn = true) => ({
  turn: ({ simulator: { switches }, isOn }: Turn) => {
    switches[name] = isOn === whenOn;
  },
});

const levers: readonly KrakenLever[] = [
  {
    ...{ id: 'in-maintenance', title: 'Maintain the exchange' },
    watchFor: 'Open sockets are closed and nothing is taken: nothing was sent, and the words say why.',
    ...system('maintenance'),
  },
  {
    ...{ id: 'cancel-only', title: 'Take only cancellations' },
    watchFor: 'The card warns of it; a change of leverage may work all the same.',
    ...system('cancel_only'),
  },
  {
    ...{ id: 'maintenance-soon', title: 'Announce a maintenance' },
    watchFor: 'The card warns that a maintenance is near.',
    turn: ({ simulator, isOn }) => simulator.setStatus({ upcoming: isOn ? [announced] : [] }),
  },
  {
    ...{ id: 'reduce-only', title: 'Let you only reduce positions' },
    watchFor: 'The card warns that this account may only reduce positions.',
    ...futures('reduce_only'),
  },
  {
    ...{ id: 'futures-disabled', title: 'Close futures to you' },
    watchFor: 'The card warns that this account may not trade futures.',
    ...futures('disabled'),
  },
  {
    ...{ id: 'tell-in-preferences', title: 'Show leverage in “preferences”' },
    watchFor: 'The card shows the present setting, and the receipt says that it was read back.',
    ...flag('preferencesTellLeverage'),
  },
  {
    ...{ id: 'tell-in-positions', title: 'Show leverage beside positions' },
    watchFor: 'The same, but only in a market in which you hold a position.',
    ...flag('positionsTellLeverage'),
  },
  {
    ...{ id: 'echo', title: 'Repeat the change in its answer' },
    watchFor: 'The receipt is as sure as before: the exchange repeats what it was told.',
    ...echo('equal'),
  },
  {
    ...{ id: 'echo-unequal', title: 'Repeat another leverage in its answer' },
    watchFor: 'A yes that names another value proves nothing: not known.',
    ...echo('unequal'),
  },
  {
    ...{ id: 'no-mark-price', title: 'Say nothing of mark prices' },
    watchFor: 'The card has no distance to liquidation, and says so.',
    ...flag('markPriceInTicker', false),
  },
  {
    ...{ id: 'margin-schedule', title: 'Publish how far each market goes' },
    watchFor: 'Too high a leverage is refused before a card is made.',
    ...flag('marginScheduleInInstrument'),
  },
  {
    ...{ id: 'preferences-not-yet', title: 'Be not ready, once', isMoment: true },
    watchFor: 'The next subscription is refused: “not available yet”. Nothing was sent.',
    turn: ({ simulator: { switches } }) => {
      switches.preferencesNotYet += 1;
    },
  },
  {
    ...{ id: 'positions-too-large', title: 'Have too many positions to send, once', isMoment: true },
    watchFor: 'An empty list that is none: the card does not say that you hold nothing.',
    turn: ({ simulator: { switches } }) => {
      switches.snapshotsTooLarge += 1;
    },
  },
  {
    ...{ id: 'end-tokens', title: 'End your tokens', isMoment: true },
    watchFor: 'The open socket is of no use any more; the next card opens another one.',
    turn: ({ simulator, account }) => simulator.revokeTokens(account),
  },
  {
    ...{ id: 'drop-sockets', title: 'Break all sockets', isMoment: true },
    watchFor: 'An open card still works: its press opens another socket.',
    turn: ({ simulator }) => simulator.dropConnections(),
  },
];

const announced = {
  ...{ proximity: 'approaching_30m', services: ['futures_ws', 'futures_trading'], advice: 'stop_new_orders' },
};

export const krakenLevers: readonly Lever[] = levers.map(({ id, title, watchFor, isMoment = false }) => ({
  ...{ id, title, watchFor, isMoment },
}));

/** Whatever can be turned at this one. */
export function createKrakenLevers(simulator: Simulator): Levers {
  /** What is turned, and for whom; an empty account is everybody. */
  const turned = new Set<string>();
  const keyOf = ({ id, isOwn }: KrakenLever, account: string) => `${id} ${isOwn ? account : ''}`;

  return {
    isOn: (id, account) => levers.some((one) => one.id === id && turned.has(keyOf(one, account))),
    turn(id, account, isOn) {
      const lever = levers.find((one) => one.id === id);
      if (lever === undefined) throw new Error(`Kraken has no lever ${id}`);
      lever.turn({ simulator, account, isOn });
      const isSame = (one: KrakenLever) => one === lever || (one.group !== undefined && one.group === lever.group);
      for (const one of levers.filter(isSame)) turned.delete(keyOf(one, account));
      if (isOn && !lever.isMoment) turned.add(keyOf(lever, account));
    },
  };
}
