import type { VenueWarning } from '../leverage/venue.ts';
import type { FuturesPermission, SystemStatus, Upcoming } from './kraken-told.ts';

/** What a trader should know before a change. It may work all the same (?). */
export function warningsOf(told: {
  readonly permission: FuturesPermission | undefined;
  readonly status: SystemStatus | undefined;
}): readonly VenueWarning[] {
  const { permission, status } = told;
  return [
    ...(permission === undefined ? [] : permissionWarnings[permission]),
    ...(status === undefined ? [] : (statusWarnings.get(status.system) ?? [])),
    ...(status?.upcoming ?? []).filter(stopsFutures).slice(0, 1).map(maintenanceWarning),
  ];
}

const permissionWarnings: Readonly<Record<FuturesPermission, readonly VenueWarning[]>> = {
  enabled: [],
  reduce_only: [{ kind: 'reduce-only', text: 'Kraken lets this account only reduce or close futures positions.' }],
  disabled: [{ kind: 'futures-disabled', text: 'Kraken does not let this account trade futures.' }],
};

/** @see docs.kraken.com/exchange/api-reference/unified-ws/status */
const statusWarnings: ReadonlyMap<string, readonly VenueWarning[]> = new Map([
  ['cancel_only', [{ kind: 'venue-restricted', text: 'Kraken takes no new orders just now, it only cancels.' }]],
  ['post_only', [{ kind: 'venue-restricted', text: 'Kraken takes only orders that wait in the book just now.' }]],
]);

const allServices: ReadonlySet<string> = new Set(['all', 'futures_ws', 'futures_trading']);

const stopsFutures = ({ services }: Upcoming) =>
  services === undefined || services.some((service) => allServices.has(service));

const proximities: ReadonlyMap<string, string> = new Map([
  ['reminder_24h', 'within a day'],
  ['approaching_30m', 'within half an hour'],
  ['imminent_5m', 'within five minutes'],
  ['final_warning_30s', 'within half a minute'],
]);

function maintenanceWarning({ proximity }: Upcoming): VenueWarning {
  const when = proximities.get(proximity) ?? 'soon';
  return { kind: 'maintenance-soon', text: `Kraken has announced maintenance ${when}.` };
}
