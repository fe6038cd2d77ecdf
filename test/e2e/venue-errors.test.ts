import { describe, expect, test } from 'vitest';
import { createWorld, people, textOf } from '../support/world.ts';

const { alice } = people;

/** Every error that the two seed pages name, and the words with which a trader reads it after a press. */
const krakenErrors: readonly [Record<string, unknown>, string][] = [
  [{ code: 87 }, 'this market does not exist'],
  [{ code: 87, message: 'CONTRACT_DOES_NOT_EXIST' }, 'this market does not exist'],
  [{ code: 88 }, 'not a multi-collateral one'],
  [{ code: 41 }, 'this would liquidate your open position'],
  [{ code: 92 }, 'not enough free margin'],
  [{ error: 'accountInactive' }, 'this futures account is inactive'],
  [{ error: 'apiLimitExceeded' }, 'too many requests from this bot'],
  [{ error: 'authenticationError' }, 'does not accept this key'],
  [{ error: 'insufficientFunds' }, 'not enough free margin'],
  [{ error: 'invalidAccount' }, 'this futures account is not valid'],
  [{ error: 'invalidAmount' }, 'refused the request as not valid'],
  [{ error: 'invalidArgument' }, 'refused the request as not valid'],
  [{ error: 'invalidArgument: maxLeverage' }, 'refused this leverage'],
  [{ error: 'invalidUnit' }, 'refused the request as not valid'],
  [{ error: 'Json Parse Error' }, 'refused the request as not valid'],
  [{ error: 'marketUnavailable' }, 'this market is not available now'],
  [{ error: 'nonceBelowThreshold' }, 'refused the request number'],
  [{ error: 'nonceDuplicate' }, 'refused the request number'],
  [{ error: 'notFound' }, 'does not exist'],
  [{ error: 'requiredArgumentMissing' }, 'refused the request as not valid'],
  [{ error: 'notFound', inList: true }, 'does not exist'],
  [{ error: 'invalidArgument: maxLeverage', inList: true, status: 400 }, 'refused this leverage'],
  [{ error: 'insufficientPrivileges' }, 'This key may not do that'],
];

const mudrexErrors: readonly [Record<string, unknown>, string][] = [
  [{ status: 400, text: 'leverage out of permissible range' }, 'outside the range it allows'],
  [{ status: 400, text: 'invalid asset id' }, 'this market does not exist'],
  [{ status: 400, text: 'asset not found' }, 'this market does not exist'],
  [{ status: 400, text: 'params error' }, 'refused the request as not valid'],
  [{ status: 400, text: 'invalid trade currency' }, 'does not know this margin currency'],
  [{ status: 400, text: 'insufficient balance' }, 'not enough free margin'],
  [{ status: 401, text: 'Invalid Authentication', code: 3100 }, 'does not accept this key'],
  [{ status: 403, text: 'forbidden' }, 'does not let this key do that'],
  [{ status: 409, text: 'conflict' }, 'something else changes the same setting'],
  [{ status: 429, text: 'Rate limit exceeded' }, 'too many requests with this key'],
];

/** Errors that say only that something broke, or that nobody documented: whether it was applied is read back. */
const krakenBreakdowns: readonly Record<string, unknown>[] = [
  { error: 'Server Error' },
  { error: 'Server Error', inList: true },
  { error: 'unknownError' },
  { error: 'Unavailable' },
  { error: 'newKindOfError' },
  { error: 'newKindOfError', inList: true, status: 400 },
  { code: 12345, status: 400 },
];
const mudrexBreakdowns: readonly Record<string, unknown>[] = [
  { status: 500, text: 'something went wrong' },
  { status: 400, text: 'something went wrong' },
  { status: 408, text: 'request timeout' },
  { status: 499, text: 'client closed request' },
];

const leverage = '4';

async function pressWith(venue: 'mudrex' | 'kraken-futures', fault: Record<string, unknown>) {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue, person: 'alice' });
  const simulator = world.exchange(venue);
  const card = await world.command(alice, 'leverage set', { venue, market: 'btc', leverage });
  simulator.faults.add({ name: 'refused', on: 'write', ...fault });
  const receipt = await world.press(alice, card, /^Set/);
  return {
    receipt: textOf(receipt),
    writes: simulator.writeCount(alice),
    sent: simulator.requests.filter(({ kind }) => kind === 'write').length,
  };
}

describe.each([
  { venue: 'kraken-futures', errors: krakenErrors, breakdowns: krakenBreakdowns, label: 'Kraken Futures' },
  { venue: 'mudrex', errors: mudrexErrors, breakdowns: mudrexBreakdowns, label: 'Mudrex' },
] as const)('$label refuses a confirmed change', ({ venue, errors, breakdowns, label }) => {
  test.each(errors)('%j in words', async (fault, words) => {
    const { receipt, writes, sent } = await pressWith(venue, fault);
    expect(receipt).toContain(words);
    expect(receipt).toContain('Not changed:');
    expect(receipt).toContain(`${label} changed nothing`);
    expect({ writes, sent }).toEqual({ writes: 0, sent: 1 });
  });

  test.each(breakdowns)('%j is read back before anything is said of it', async (fault) => {
    const { receipt, sent } = await pressWith(venue, fault);
    expect(receipt).toMatch(
      /Not known yet[\s\S]*an answer came that (says only that something broke|the bot does not understand)[\s\S]*still shows/,
    );
    expect(sent).toBe(1);
  });

  test.each(breakdowns)('%j after the change was carried out is told as done', async (fault) => {
    const { receipt, writes, sent } = await pressWith(venue, { ...fault, applied: true });
    expect(receipt).toContain('Done');
    expect({ writes, sent }).toEqual({ writes: 1, sent: 1 });
  });
});

test('an inverse contract is refused as not multi-collateral before a card is made', async () => {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  const reply = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'PI_XBTUSD', leverage });
  expect(textOf(reply)).toMatch(/not a multi-collateral one[\s\S]*Nothing was changed/);
});

test('a market that does not exist is answered with near ones', async () => {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue: 'mudrex', person: 'alice' });
  const reply = await world.command(alice, 'leverage set', { venue: 'mudrex', market: 'BTCX', leverage });
  expect(textOf(reply)).toMatch(/Mudrex has no market "BTCX"[\s\S]*Nothing was changed/);
});

test('the seed’s example of a value that is too high is refused with the range', async () => {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue: 'mudrex', person: 'alice' });
  const wish = { venue: 'mudrex', market: 'btc', leverage: '5999836' };
  expect(textOf(await world.command(alice, 'leverage set', wish))).toMatch(/5999836x is outside[\s\S]*from 1x to 100x/);
});
