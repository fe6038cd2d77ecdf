import { describe, expect, test } from 'vitest';
import { createHandler } from '../../src/discord/handle.ts';
import type { Invocation } from '../../src/discord/interaction.ts';
import type { Acknowledgement } from '../../src/discord/rest.ts';
import {
  applicationId,
  bob,
  card,
  confirmId,
  createTestLog,
  general,
  leverageSet,
  openDiscord,
  openRest,
  options,
  startBot,
  titles,
  venues,
  view,
} from './support.ts';

/** The bot's patience where Discord does not answer at all; long enough for a busy machine to acknowledge what comes before. */
const GIVE_UP_MS = 1_000;

const failures = [
  { fault: '500', ack: 'uncertain' },
  { fault: 'hang', ack: 'uncertain' },
  { fault: 'reset', ack: 'uncertain' },
  { fault: 'lost', ack: 'uncertain', isTaken: true },
  { fault: '429', ack: 'uncertain' },
  { fault: '401', ack: 'uncertain' },
  { fault: 'cut body', ack: 'uncertain', isTaken: true },
  { fault: '10062', ack: 'gone' },
  { fault: '40060', ack: 'taken' },
] as const;

for (const { fault, ack, ...rest } of failures) {
  const isTaken = 'isTaken' in rest;

  test(`a command whose acknowledgement meets ${fault} runs nothing and is acknowledged once`, async () => {
    let runs = 0;
    const bot = await startBot({
      ackTimeoutMs: GIVE_UP_MS,
      commands: leverageSet(() => {
        runs += 1;
        return card('card');
      }),
    });
    bot.discord.faults.callback.set(fault);
    bot.set();
    await bot.done();
    const { calls = [] } = bot.discord.interactions().at(-1) ?? {};
    expect(runs).toBe(0);
    expect(calls.filter(({ path }) => path.endsWith('/callback'))).toHaveLength(1);
    // Only an uncertain acknowledgement is followed by anything: an edit, and one more where Discord may take it late.
    const edits = { uncertain: isTaken ? 1 : 2, gone: 0, taken: 0 }[ack];
    expect(calls.filter(({ method }) => method !== 'POST')).toHaveLength(edits);
    expect(calls).toHaveLength(1 + edits);
    expect(bot.seen).toMatchObject([{ hook: 'arrival' }, { hook: 'ack', ack }, { result: 'not-acknowledged' }]);
  });

  test(`a press whose acknowledgement meets ${fault} is not handled, and the button still works`, async () => {
    let handled = 0;
    const bot = await startBot({
      ackTimeoutMs: GIVE_UP_MS,
      press: async () => {
        handled += 1;
        return { update: view('Set to 5x') };
      },
    });
    const { id } = await bot.openCard();
    bot.discord.faults.callback.set(fault);
    bot.asAlice.press(id, confirmId);
    await bot.done();
    expect(handled).toBe(0);
    const { calls = [] } = bot.discord.interactions().at(-1) ?? {};
    expect(calls.filter(({ path }) => path.endsWith('/callback'))).toHaveLength(1);
    expect(titles(bot.shown())[0]).toBe('❔ BTCUSDT on Mudrex');

    bot.asAlice.press(id, confirmId);
    await bot.done(2);
    expect(handled).toBe(1);
    expect(titles(bot.shown())[0]).toBe('Set to 5x');
  });
}

test('an acknowledgement that did arrive although its answer was lost says that nothing was changed', async () => {
  const bot = await startBot();
  bot.discord.faults.callback.set('lost');
  bot.set();
  await bot.done();
  expect(titles(bot.shown())).toEqual(['⛔ Discord did not answer in time']);
});

/** A bot to whose acknowledgement Discord answers nothing, but takes it a second after the bot gave up on it. */
async function startWithLateAcknowledgement() {
  const started = Promise.withResolvers<Awaited<ReturnType<typeof startBot>>>();
  const bot = await startBot({
    ackTimeoutMs: GIVE_UP_MS,
    pause: async () => {
      const { discord, call } = await started.promise;
      const { id, payload, calls } = discord.interactions().at(-1) ?? {};
      const { body } = calls?.find(({ path }) => path.endsWith('/callback')) ?? {};
      await call('POST', `/interactions/${String(id)}/${String(payload?.token)}/callback`, body);
    },
  });
  started.resolve(bot);
  return bot;
}

describe('an acknowledgement that Discord takes after the bot gave up on it', () => {
  test('does not leave a command "thinking": its reply says that nothing was changed', async () => {
    const bot = await startWithLateAcknowledgement();
    bot.discord.faults.callback.set('hang');
    bot.set();
    await bot.done();
    expect(titles(bot.shown())).toEqual(['⛔ Discord did not answer in time']);
    expect(bot.shown()).toMatchObject([{ isThinking: false, isEphemeral: true }]);
  });

  test('leaves nothing of a shared command in the channel, and tells its caller alone', async () => {
    const bot = await startWithLateAcknowledgement();
    bot.discord.faults.callback.set('hang');
    bot.set({ share: true });
    await bot.done();
    expect(bot.shown(bob.id)).toEqual([]);
    expect(titles(bot.shown())).toEqual(['⛔ Discord did not answer in time']);
  });

  test('leaves the card of a press as it is, and tells the presser once that nothing was changed', async () => {
    const bot = await startWithLateAcknowledgement();
    const { id } = await bot.openCard(true);
    bot.discord.faults.callback.set('hang');
    bot.asAlice.press(id, confirmId);
    await bot.done();
    expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex', '⛔ Discord did not answer in time']);
    expect(titles(bot.shown(bob.id))).toEqual(['❔ BTCUSDT on Mudrex']);
  });
});

test('an event that arrives three times runs once', async () => {
  let runs = 0;
  const bot = await startBot({
    commands: leverageSet(() => {
      runs += 1;
      return card('card');
    }),
  });
  bot.discord.faults.gateway.duplicateNext(3);
  bot.set();
  bot.set();
  await bot.done(2);
  expect(runs).toBe(2);
  expect(bot.seen.filter(({ hook }) => hook === 'ack')).toMatchObject([{ ack: 'acked' }, { ack: 'acked' }]);
});

test('an old interaction is still answered, and the clock is doubted once', async () => {
  const bot = await startBot({ now: () => Date.UTC(2026, 10, 21) + 9_000 });
  bot.set();
  bot.set();
  await bot.done(2);
  expect(bot.shown()).toHaveLength(2);
  expect(bot.seen[0]).toMatchObject({ hook: 'arrival', ageMs: 9_000 });
  expect(bot.log.lines.filter((line) => line.includes('clock'))).toHaveLength(1);
});

test('an interaction from the future is answered too', async () => {
  const bot = await startBot({ now: () => Date.UTC(2026, 10, 21) - 9_000 });
  bot.set();
  await bot.done();
  expect(bot.shown()).toHaveLength(1);
  expect(bot.log.lines.filter((line) => line.includes('clock'))).toHaveLength(1);
});

test('a right clock is not doubted', async () => {
  const bot = await startBot();
  bot.set();
  await bot.done();
  expect(bot.log.lines.filter((line) => line.includes('clock'))).toEqual([]);
});

test('options that Discord would not send are refused with a hint, to the caller alone', async () => {
  let runs = 0;
  const bot = await startBot({
    commands: leverageSet(() => {
      runs += 1;
      return card('card');
    }),
  });
  const [registered] = bot.discord.commands();
  const loose = { ...registered, options: [{ ...registered?.options?.[0], options: looseOptions }] };
  await bot.call('PUT', `/applications/${applicationId}/commands`, [loose]);
  bot.asAlice.command(general, 'leverage set', { ...options, venue: 'elsewhere', share: true });
  await bot.done();
  expect(runs).toBe(0);
  expect(bot.shown()).toMatchObject([{ isEphemeral: true }]);
  expect(JSON.stringify(bot.shown())).toContain('mudrex, kraken-futures');
  expect(bot.seen.at(-1)).toMatchObject({ result: 'BAD_OPTION' });
  expect(bot.shown(bob.id)).toEqual([]);
});

const looseOptions = [
  { type: 3, name: 'venue', description: 'Where', required: true },
  { type: 3, name: 'market', description: 'Which', required: true },
  { type: 5, name: 'share', description: 'Show it' },
];

test('while draining, new interactions are turned away and running ones finish', async () => {
  const finish = Promise.withResolvers<void>();
  let runs = 0;
  const bot = await startBot({
    commands: leverageSet(async () => {
      runs += 1;
      await finish.promise;
      return card(`card ${runs}`);
    }),
  });
  bot.set();
  await bot.discord.until(() => bot.shown().length === 1);
  const drained = bot.bot.drain(8_000);
  bot.set();
  await bot.done();
  expect(runs).toBe(1);
  expect(bot.seen.at(-1)).toMatchObject({ result: 'SHUTTING_DOWN' });
  expect(bot.shown()).toMatchObject([{ isThinking: true }, { isEphemeral: true, isThinking: false }]);
  const choices = await bot.asAlice.autocomplete(general, 'leverage set', {
    options: { market: 'b' },
    focused: 'market',
  });
  expect(choices).toEqual({ kind: 'choices', choices: [] });
  finish.resolve();
  await drained;
  expect(titles(bot.shown())[0]).toBe('❔ card 1');
});

test('a press while draining leaves its card as it is', async () => {
  let handled = 0;
  const bot = await startBot({
    press: async () => {
      handled += 1;
      return { update: view('Set to 5x') };
    },
  });
  const { id } = await bot.openCard();
  await bot.bot.drain(8_000);
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(handled).toBe(0);
  expect(titles(bot.shown())[0]).toBe('❔ BTCUSDT on Mudrex');
  expect(bot.shown()[1]).toMatchObject({ isEphemeral: true });
});

test('draining ends at its deadline although something still runs', async () => {
  const finish = Promise.withResolvers<void>();
  const bot = await startBot({
    commands: leverageSet(async () => {
      await finish.promise;
      return card('late');
    }),
  });
  bot.set();
  await bot.discord.until(() => bot.shown().length === 1);
  await bot.bot.drain(30);
  expect(bot.log.lines.filter((line) => line.includes('still running'))).toHaveLength(1);
  finish.resolve();
  await bot.done();
});

describe('a transport of another kind', () => {
  /** The handler alone; what it answers goes to the test instead of a callback. */
  async function openHandler(ack: Acknowledgement = { kind: 'acked' }) {
    const { discord, api, clock } = await openDiscord();
    const log = createTestLog();
    let runs = 0;
    const run = () => {
      runs += 1;
      return card('card');
    };
    const { handle, drain } = createHandler({
      rest: openRest({ api, log }),
      commands: leverageSet(run, async () => [{ name: 'BTC/USDT', value: 'BTCUSDT' }]),
      venueIds: venues.map(({ id }) => id),
      commandIds: () => undefined,
      press: async () => ({}),
      news: async () => [],
      log,
      now: () => clock.ms,
      elapsed: () => clock.ms,
      newReference: () => 'ref',
      pause: async () => undefined,
      metrics: { interactionArrived: () => {}, interactionAcknowledged: () => {}, interactionEnded: () => {} },
    });
    const answers: unknown[] = [];
    const take = (invocation: Invocation) =>
      handle(invocation, async (response) => {
        answers.push(response);
        return ack;
      });
    return { take, drain, answers, ran: () => runs, calls: () => discord.interactions().flatMap(({ calls }) => calls) };
  }

  const arrival = {
    id: '1573488112435200006',
    applicationId,
    token: 'interaction-token',
    createdAt: Date.UTC(2026, 10, 21),
    caller: { user: bob.id, userName: 'bob', channel: general },
  };
  const called = { ...arrival, name: 'leverage', subcommand: 'set' };
  const command: Invocation = { ...called, kind: 'command', options };
  const typing: Invocation = { ...called, kind: 'autocomplete', focused: 'market', typed: 'bt', options: {} };

  test('gets the first answer itself, and the command runs once it took it', async () => {
    const { take, answers, ran } = await openHandler();
    await take(command);
    expect(answers).toEqual([{ type: 5, data: { flags: 64 } }]);
    expect(ran()).toBe(1);
  });

  test('gets the choices of an autocomplete, and no request goes out', async () => {
    const { take, answers, calls } = await openHandler();
    await take(typing);
    expect(answers).toEqual([{ type: 8, data: { choices: [{ name: 'BTC/USDT', value: 'BTCUSDT' }] } }]);
    expect(calls()).toEqual([]);
  });

  test.each(['taken', 'gone', 'uncertain'] as const)('that says %s has nothing run', async (kind) => {
    const { take, answers, ran } = await openHandler({ kind });
    await take(command);
    expect(answers).toHaveLength(1);
    expect(ran()).toBe(0);
  });

  test('is not asked to answer what came before', async () => {
    const { take, answers, ran } = await openHandler();
    await Promise.all([take(command), take(command)]);
    expect(answers).toHaveLength(1);
    expect(ran()).toBe(1);
  });

  test('is told of the end by the first answer', async () => {
    const { take, drain, answers, ran } = await openHandler();
    await drain(0);
    await take(command);
    expect(answers).toMatchObject([{ type: 4, data: { flags: 64 } }]);
    expect(ran()).toBe(0);
  });
});
