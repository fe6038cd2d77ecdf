import { expect, test } from 'vitest';
import type { Call } from '../../src/command.ts';
import { Failure } from '../../src/errors.ts';
import { alice, bob, card, expectNoSecrets, general, leverageSet, startBot, titles, view } from './support.ts';

test('a command is acknowledged before it runs, and its reply then shows the view', async () => {
  const states: unknown[] = [];
  const bot = await startBot({
    commands: leverageSet(() => {
      states.push(bot.discord.interactions().at(-1)?.state, bot.shown()[0]?.isThinking);
      return card('BTCUSDT on Mudrex');
    }),
  });
  bot.set();
  await bot.done();
  expect(states).toEqual(['answered', true]);
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex']);
  expect(bot.shown()[0]).toMatchObject({ isEphemeral: true, isThinking: false });
  expect(bot.shown(bob.id)).toEqual([]);
  expect(bot.seen).toMatchObject([
    { hook: 'arrival', kind: 'command', ageMs: 0 },
    { hook: 'ack', kind: 'command', ack: 'acked' },
    { hook: 'done', kind: 'command', name: 'leverage set', result: 'ok' },
  ]);
});

test('the command gets the caller, checked values and where its reply can be edited', async () => {
  const calls: { call: Call; values: unknown }[] = [];
  const bot = await startBot({
    commands: leverageSet((call, values) => {
      calls.push({ call, values });
      return view('done');
    }),
  });
  bot.set({ account: 'spare' });
  await bot.done();
  const { payload } = bot.discord.interactions().at(-1) ?? {};
  expect(calls).toEqual([
    {
      call: {
        user: alice.id,
        userName: 'alice',
        guild: '200000000000000001',
        roles: [],
        permissions: expect.any(BigInt),
        channel: general,
        isShared: false,
        delivery: { kind: 'own', token: payload?.token, at: bot.clock.ms, channel: general, isPublic: false },
      },
      values: { venue: 'mudrex', market: 'BTCUSDT', account: 'spare' },
    },
  ]);
});

test('in direct messages there is no server', async () => {
  const calls: Call[] = [];
  const bot = await startBot({
    commands: leverageSet((call) => {
      calls.push(call);
      return view('done');
    }),
  });
  const { inbox } = bot.asAlice;
  bot.asAlice.command(inbox, 'leverage set', { venue: 'mudrex', market: 'BTCUSDT' });
  await bot.done();
  expect(calls).toMatchObject([{ user: alice.id, channel: inbox }]);
  expect(calls[0]).not.toHaveProperty('guild');
});

test('a shared reply is public, and its message is known before the command runs', async () => {
  const calls: Call[] = [];
  const bot = await startBot({
    commands: leverageSet((call) => {
      calls.push(call);
      return card('for everybody');
    }),
  });
  bot.set({ share: true });
  await bot.done();
  const [message] = bot.shown(bob.id);
  expect(titles(bot.shown(bob.id))).toEqual(['❔ for everybody']);
  expect(calls).toMatchObject([{ isShared: true, delivery: { isPublic: true, publicId: message?.id } }]);
});

test('a failure is explained to the caller alone', async () => {
  const bot = await startBot({
    commands: leverageSet(() => {
      throw new Failure({ code: 'HALTED' });
    }),
  });
  bot.set();
  await bot.done();
  expect(bot.shown()).toMatchObject([{ isEphemeral: true, isThinking: false, embeds: [{ color: 0xd55e00 }] }]);
  expect(bot.seen.at(-1)).toMatchObject({ hook: 'done', result: 'HALTED' });
});

test('a failure of a shared command leaves nothing in the channel', async () => {
  const bot = await startBot({
    commands: leverageSet(() => {
      throw new Failure({ code: 'HALTED' });
    }),
  });
  bot.set({ share: true });
  await bot.done();
  expect(bot.shown(bob.id)).toEqual([]);
  expect(bot.shown()).toMatchObject([{ isEphemeral: true }]);
});

test('when the public reply cannot be deleted the failure is still not shown there', async () => {
  const bot = await startBot({
    commands: leverageSet(() => {
      throw new Failure({ code: 'KEY_MISSING', venue: 'Mudrex', account: 'spare', others: ['private'] });
    }),
  });
  bot.discord.faults.edit.set('500', 4);
  bot.set({ share: true });
  await bot.done();
  expect(bot.shown(bob.id)).toHaveLength(1);
  expect(JSON.stringify(bot.shown(bob.id))).not.toMatch(/spare|private/);
  expect(titles(bot.shown(bob.id))).toEqual(['Nothing was changed']);
  expect(titles(bot.shown())).toEqual(['Nothing was changed', '⛔ You have no Mudrex key under "spare"']);
});

test('what a shared reply withholds is whispered to its caller', async () => {
  const bot = await startBot({ commands: leverageSet(() => ({ ...card('for everybody'), aside: view('for you') })) });
  bot.set({ share: true });
  await bot.done();
  expect(titles(bot.shown(bob.id))).toEqual(['❔ for everybody']);
  expect(titles(bot.shown())).toEqual(['❔ for everybody', 'for you']);
});

test('what is for its caller alone is whispered in place of a shared reply', async () => {
  const bot = await startBot({ commands: leverageSet(() => ({ ...card('another change'), isPrivate: true })) });
  bot.set({ share: true });
  await bot.done();
  expect(bot.shown(bob.id)).toEqual([]);
  expect(titles(bot.shown())).toEqual(['❔ another change']);
  expect(bot.shown()).toMatchObject([{ isEphemeral: true }]);
});

test('what a shared answer withholds is whispered to its caller', async () => {
  const bot = await startBot({ commands: leverageSet(() => view('For all', { aside: view('For you') })) });
  bot.set({ share: true });
  await bot.done();
  expect(titles(bot.shown())).toEqual(['For all', 'For you']);
  expect(titles(bot.shown(bob.id))).toEqual(['For all']);
});

test('an unexpected error shows a reference, and the log has it with the stack', async () => {
  const bot = await startBot({
    commands: leverageSet(() => {
      throw new TypeError('the sky fell');
    }),
  });
  bot.set();
  await bot.done();
  expect(JSON.stringify(bot.shown())).toContain('ref-1');
  expect(JSON.stringify(bot.shown())).not.toContain('sky');
  const [line] = bot.log.lines.filter((each) => each.startsWith('error'));
  expect(line).toMatch(/ref-1[\s\S]*the sky fell[\s\S]*run-command\.test\.ts/);
  expect(bot.seen.at(-1)).toMatchObject({ result: 'UNEXPECTED' });
});

test('a view that cannot be rendered shows a reference', async () => {
  const broken = { kind: 'press', verb: 'confirm', id: 'too short', label: 'Set', style: 'primary' } as const;
  const bot = await startBot({ commands: leverageSet(() => view('broken', { buttons: [broken] })) });
  bot.set();
  await bot.done();
  expect(JSON.stringify(bot.shown())).toContain('ref-1');
});

test('a message that Discord refuses is replaced by a reference', async () => {
  const twin = { kind: 'press', verb: 'confirm', id: 'A'.repeat(22), label: 'Set', style: 'primary' } as const;
  const bot = await startBot({ commands: leverageSet(() => view('twins', { buttons: [twin, twin] })) });
  bot.set();
  await bot.done();
  expect(bot.shown()).toMatchObject([{ isThinking: false }]);
  expect(JSON.stringify(bot.shown())).toContain('ref-1');
  expectNoSecrets(bot.log.lines, bot);
});

test('a reply that meets server errors is sent again until it stands', async () => {
  const bot = await startBot();
  bot.discord.faults.edit.set('500', 3);
  bot.set();
  await bot.done();
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex']);
});

test('news follow a reply, for the caller alone, and are then noted as told', async () => {
  const told: string[] = [];
  const asked: string[] = [];
  const bot = await startBot({
    news: async (user) => {
      asked.push(user);
      return ['first', 'second'].map((title) => ({ view: view(title), told: async () => void told.push(title) }));
    },
  });
  bot.set({ share: true });
  await bot.done();
  expect(asked).toEqual([alice.id]);
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex', 'first', 'second']);
  expect(titles(bot.shown(bob.id))).toEqual(['❔ BTCUSDT on Mudrex']);
  expect(told).toEqual(['first', 'second']);
});

test('news follow a refusal too, for the caller alone: they may be why it was one', async () => {
  const bot = await startBot({
    commands: leverageSet(() => {
      throw new Failure({ code: 'HALTED' });
    }),
    news: async () => [{ view: view('erased'), told: async () => undefined }],
  });
  bot.set({ share: true });
  await bot.done();
  expect(titles(bot.shown()).at(-1)).toBe('erased');
  expect(titles(bot.shown(bob.id))).not.toContain('erased');
  expect(bot.seen.at(-1)).toMatchObject({ result: 'HALTED' });
});

test('news that could not be sent stay untold', async () => {
  const told: string[] = [];
  const bot = await startBot({
    news: async () => [{ view: view('late'), told: async () => void told.push('late') }],
  });
  bot.discord.faults.followUp.set('10062');
  bot.set();
  await bot.done();
  expect(told).toEqual([]);
});

test('news that Discord finds fault with keep none of the others away', async () => {
  const twin = { kind: 'press', verb: 'check', id: 'A'.repeat(22), label: 'Check now', style: 'secondary' } as const;
  const told: string[] = [];
  const bot = await startBot({
    news: async () => [
      { view: view('twins', { buttons: [twin, twin] }), told: async () => void told.push('twins') },
      { view: view('late'), told: async () => void told.push('late') },
    ],
  });
  bot.set();
  await bot.done();
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex', 'late']);
  expect(told).toEqual(['late']);
});

test('news that may have arrived are not sent twice', async () => {
  const bot = await startBot({ news: async () => [{ view: view('late'), told: async () => undefined }] });
  bot.discord.faults.followUp.set('lost');
  bot.set();
  await bot.done();
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex', 'late']);
});

test('news wait when the reply could not be shown', async () => {
  const asked: string[] = [];
  const bot = await startBot({
    news: async (user) => {
      asked.push(user);
      return [];
    },
  });
  bot.discord.faults.edit.set('10062');
  bot.set();
  await bot.done();
  expect(asked).toEqual([]);
});

test('news that cannot be read do not harm the reply', async () => {
  const bot = await startBot({
    news: async () => {
      throw new Failure({ code: 'STORE_UNAVAILABLE' });
    },
  });
  bot.set();
  await bot.done();
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex']);
  expect(bot.seen.at(-1)).toMatchObject({ result: 'ok' });
});
