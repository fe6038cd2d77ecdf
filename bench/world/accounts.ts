import type { Account, Credentials } from '../../src/account.ts';
import { Secret } from '../../src/secret.ts';
import type { Trader } from './people.ts';

export function credentialsOf({ key }: Trader): Credentials {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, new Secret(value)]));
}

export function accountOf({ id, venue }: Trader): Account {
  return { user: id, venue, label: 'main' };
}
