import type { Account } from '../../src/confirm/proposal.ts';
import { Secret } from '../../src/secret.ts';
import type { Credentials } from '../../src/venues/venue.ts';
import type { Trader } from './people.ts';

export function credentialsOf({ key }: Trader): Credentials {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, new Secret(value)]));
}

export function accountOf({ id, venue }: Trader): Account {
  return { user: id, venue, label: 'main' };
}
