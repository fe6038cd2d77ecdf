import type { Account } from '../../src/account.ts';
import type { Trader } from './people.ts';

export function accountOf({ id, venue }: Trader): Account {
  return { user: id, venue, label: 'main' };
}
