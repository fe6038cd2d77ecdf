import { describe, expect, test } from 'vitest';
import { createFloodBound, createQueues, personalBounds } from '../../src/discord/flood-bound.ts';
import { alice, bob, card, confirmId, general, leverageSet, options, startBot, titles } from './support.ts';

function openBound() {
  const time = { ms: 0 };
  const admit = createFloodBound({ elapsed: () => time.ms, bounds: { command: 3, press: 2, autocomplete: 1 } });
  return { time, admit };
}

test('one more than the bound in ten seconds is told when the next one is admitted', () => {
  const { time, admit } = openBound();
  for (let second = 0; second < 3; second += 1) {
    expect(admit('command', 'alice')).toBeUndefined();
    time.ms += 1_000;
  }
  expect(admit('command', 'alice')).toBe(7_000);
  time.ms += 6_999;
  expect(admit('command', 'alice')).toBe(1);
  time.ms += 1;
  expect(admit('command', 'alice')).toBeUndefined();
  expect(admit('command', 'alice')).toBe(1_000);
});

test('other people and other kinds are not affected', () => {
  const { admit } = openBound();
  expect([1, 2, 3].map(() => admit('press', 'alice'))).toEqual([undefined, undefined, 10_000]);
  expect(admit('command', 'alice')).toBeUndefined();
  expect(admit('press', 'bob')).toBeUndefined();
});

test('nobody is remembered who has been quiet for ten seconds, nor more than ten thousand people', () => {
  const { time, admit } = openBound();
  for (let person = 0; person < 10_100; person += 1) admit('autocomplete', `person-${person}`);
  expect(admit('autocomplete', 'person-0')).toBeUndefined();
  expect(admit('autocomplete', 'person-10099')).toBe(10_000);
  time.ms += 10_000;
  expect(admit('autocomplete', 'person-10099')).toBeUndefined();
});

test('one person’s refusals go out one after the other, and those that come too late not at all', async () => {
  const time = { ms: 0 };
  const inQueue = createQueues({ elapsed: () => time.ms, withinMs: 100 });
  const first = Promise.withResolvers<string>();
  const ran: string[] = [];
  const start = (user: string, name: string, result = Promise.resolve(name)) =>
    inQueue(user, () => {
      ran.push(name);
      return result;
    });
  const results = [start('alice', 'first', first.promise), start('alice', 'second'), start('bob', 'other')];
  expect(await results[2]).toBe('other');
  expect(ran).toEqual(['first', 'other']);
  time.ms = 100;
  const late = start('alice', 'third');
  first.resolve('first');
  expect(await Promise.all(results)).toEqual(['first', 'second', 'other']);
  expect(await late).toBe('third');
  const slow = Promise.withResolvers<string>();
  const tooLate = 'too late';
  const started = Promise.withResolvers<void>();
  const held = inQueue('alice', () => {
    started.resolve();
    return slow.promise;
  });
  const left = start('alice', tooLate);
  await started.promise;
  time.ms += 101;
  slow.resolve('slow');
  expect(await Promise.all([held, left])).toEqual(['slow', undefined]);
  expect(ran).not.toContain(tooLate);
});

/** A bot that counts whom it really did something for. */
async function startCounting() {
  const ran: string[] = [];
  const bot = await startBot({
    ackTimeoutMs: 5_000,
    commands: leverageSet(
      ({ user }) => {
        ran.push(user);
        return card('BTCUSDT');
      },
      async ({ user }) => {
        ran.push(user);
        return [{ name: 'BTCUSDT', value: 'BTCUSDT' }];
      },
    ),
    press: async ({ user }) => {
      ran.push(user);
      return {};
    },
  });
  const callsOf = (id: string) => bot.discord.interactions().find((one) => one.id === id)?.calls ?? [];
  const countOf = ({ id }: { readonly id: string }) => ran.filter((user) => user === id).length;
  return { ...bot, ran, callsOf, countOf };
}

const OVER = 30;

describe('over the bound', () => {
  test('a command runs nothing, takes one request, and says when to try again; others are served', async () => {
    const bot = await startCounting();
    const ids = Array.from({ length: personalBounds.command + OVER }, () => bot.set().interactionId);
    bot.discord.as(bob.id).command(general, 'leverage set', options);
    await bot.done(ids.length + 1);
    expect([bot.countOf(alice), bot.countOf(bob)]).toEqual([personalBounds.command, 1]);
    for (const id of ids.slice(personalBounds.command)) expect(bot.callsOf(id)).toHaveLength(1);
    const last = bot.shown().at(-1);
    expect(last).toMatchObject({ isEphemeral: true, embeds: [{ title: '⛔ Too many commands in 10 seconds' }] });
    expect(last?.embeds[0]?.description).toMatch(/Nothing was run.*Try again in 10 seconds/);
    bot.clock.ms += 10_000;
    bot.set();
    await bot.done(ids.length + 2);
    expect(bot.countOf(alice)).toBe(personalBounds.command + 1);
  });

  test('a press leaves its card as it is, and its presser is told alone', async () => {
    const bot = await startCounting();
    const { id } = await bot.openCard(true);
    bot.ran.length = 0;
    const presses = Array.from({ length: personalBounds.press + OVER }, () => bot.asAlice.press(id, confirmId));
    bot.discord.as(bob.id).press(id, confirmId);
    await bot.done(presses.length + 1);
    expect([bot.countOf(alice), bot.countOf(bob)]).toEqual([personalBounds.press, 1]);
    expect(titles(bot.shown(bob.id))).toEqual(['❔ BTCUSDT']);
    expect(titles(bot.shown()).filter((title) => title === '⛔ Too many button presses in 10 seconds')).toHaveLength(
      OVER,
    );
    expect(bot.seen.at(-1)).toMatchObject({ hook: 'done', kind: 'press' });
  });

  test('a completion is an empty list, made without looking anything up', async () => {
    const bot = await startCounting();
    const type = (user: string) =>
      bot.discord.as(user).autocomplete(general, 'leverage set', { options: { venue: 'mudrex' }, focused: 'market' });
    for (let key = 0; key < personalBounds.autocomplete; key += 1) await type(alice.id);
    expect(await type(alice.id)).toMatchObject({ choices: [] });
    expect(await type(bob.id)).toMatchObject({ choices: [{ value: 'BTCUSDT' }] });
    expect([bot.countOf(alice), bot.countOf(bob)]).toEqual([personalBounds.autocomplete, 1]);
  });
});
