import { expect, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import type { Press } from '../../src/press.ts';
import { alice, bob, card, cardId, confirmId, general, leverageSet, startBot, titles, until, view } from './support.ts';

test('a press is acknowledged before it is handled, and the card then shows how it ended', async () => {
  const states: unknown[] = [];
  const presses: Press[] = [];
  const bot = await startBot({
    press: async (press) => {
      presses.push(press);
      states.push(bot.discord.interactions().at(-1)?.state);
      return { update: view('Set to 5x', { tone: 'done' }) };
    },
  });
  const { id } = await bot.openCard();
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(states).toEqual(['answered']);
  expect(titles(bot.shown())).toEqual(['✅ Set to 5x']);
  expect(bot.shown()[0]).toMatchObject({ id, components: [] });
  const { payload } = bot.discord.interactions().at(-1) ?? {};
  expect(presses).toEqual([
    {
      user: alice.id,
      userName: 'alice',
      guild: '200000000000000001',
      roles: [],
      permissions: expect.any(BigInt),
      channel: general,
      verb: 'confirm',
      id: cardId,
      delivery: { kind: 'own', token: payload?.token, at: bot.clock.ms, channel: general, isPublic: false },
    },
  ]);
  expect(bot.seen.at(-1)).toMatchObject({ hook: 'done', kind: 'press', name: 'confirm', result: 'ok' });
});

test('a press on a public card knows the message, for the time after the token', async () => {
  const presses: Press[] = [];
  const bot = await startBot({
    press: async (press) => {
      presses.push(press);
      return {};
    },
  });
  const { id } = await bot.openCard(true);
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(presses).toMatchObject([{ delivery: { isPublic: true, publicId: id } }]);
});

test('a stranger is answered alone and the card stays', async () => {
  const bot = await startBot({
    press: async () => {
      throw new Failure({ code: 'NOT_YOURS' });
    },
  });
  const { id } = await bot.openCard(true);
  bot.discord.as(bob.id).press(id, confirmId);
  await bot.done();
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex']);
  expect(bot.shown()[0]?.components).toHaveLength(1);
  expect(bot.shown(bob.id)).toMatchObject([{ id }, { isEphemeral: true }]);
  expect(bot.seen.at(-1)).toMatchObject({ result: 'NOT_YOURS' });
});

test('an answer is a new message of its own, whose id the handler is told', async () => {
  const answered: string[] = [];
  const bot = await startBot({
    press: async () => ({
      update: view('Stale'),
      answer: card('A new card'),
      answered: async (messageId) => void answered.push(messageId),
    }),
  });
  const { id } = await bot.openCard(true);
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(titles(bot.shown())).toEqual(['Stale', '❔ A new card']);
  expect(titles(bot.shown(bob.id))).toEqual(['Stale']);
  expect(answered).toEqual([bot.shown()[1]?.id]);
});

test('progress is shown in order and never after the end', async () => {
  const patched: unknown[] = [];
  const bot = await startBot({
    press: async (_press, progress) => {
      for (const step of ['one', 'two', 'three']) progress(view(step));
      return { update: view('end', { tone: 'done' }) };
    },
  });
  const { id } = await bot.openCard();
  bot.asAlice.press(id, confirmId);
  await bot.done();
  const { id: pressed } = bot.discord.interactions().at(-1) ?? {};
  // Whatever was still under way for the card arrives while another command runs.
  bot.set();
  await bot.done(2);
  const { calls = [] } = bot.discord.interactions().find((one) => one.id === pressed) ?? {};
  for (const { method, body } of calls) if (method === 'PATCH') patched.push(body);
  expect(patched).toMatchObject([{ embeds: [{ title: 'one' }] }, { embeds: [{ title: '✅ end' }] }]);
  expect(titles(bot.shown())[0]).toBe('✅ end');
});

test('progress that cannot be shown does not keep the end from being shown', async () => {
  const bot = await startBot({
    press: async (_press, progress) => {
      progress(view('working'));
      return { update: view('end') };
    },
  });
  const { id } = await bot.openCard();
  bot.discord.faults.edit.set('500', 4);
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(titles(bot.shown())).toEqual(['end']);
});

/** A press that shows its progress, waits until that was tried, and then ends; what became of showing it is noted. */
async function startWithProgress() {
  const ends: string[] = [];
  const tried = () => (bot.discord.interactions().at(-1)?.calls ?? []).some(({ method }) => method === 'PATCH');
  const during: unknown[] = [];
  const bot = await startBot({
    press: async (_press, progress) => {
      progress(view('working'));
      await until(tried);
      during.push(...titles(bot.shown()));
      return {
        update: view('end'),
        told: async () => void ends.push('told'),
        lost: async () => void ends.push('lost'),
        mend: async () => void ends.push('mend'),
      };
    },
  });
  const { id } = await bot.openCard(true);
  const press = async () => {
    bot.asAlice.press(id, confirmId);
    await bot.done();
    return bot.discord.interactions().at(-1)?.calls ?? [];
  };
  return { ...bot, press, ends, during };
}

test.each(['403', '429', '500'] as const)(
  'progress that meets %s is not tried again, and the card stays as it is until the end',
  async (fault) => {
    const bot = await startWithProgress();
    bot.discord.faults.edit.set(fault);
    const calls = await bot.press();
    expect(bot.during).toEqual(['❔ BTCUSDT on Mudrex']);
    expect(calls.filter(({ method }) => method === 'PATCH')).toHaveLength(2);
    expect(titles(bot.shown())).toEqual(['end']);
    expect(bot.log.lines.join()).not.toContain('ref-1');
  },
);

test('a lasting rate limit costs a press four requests after its acknowledgement; its end is shown later, not beside the card', async () => {
  const bot = await startWithProgress();
  for (const fault of [bot.discord.faults.edit, bot.discord.faults.followUp])
    fault.set('429', Number.POSITIVE_INFINITY);
  expect(await bot.press()).toHaveLength(5);
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex']);
  expect(bot.ends).toEqual(['lost', 'mend']);
});

test('a card that may not be edited is put right later, while its end is whispered', async () => {
  const bot = await startWithProgress();
  bot.discord.faults.edit.set('403', Number.POSITIVE_INFINITY);
  await bot.press();
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex', 'end']);
  expect(bot.ends).toEqual(['told', 'mend']);
});

test('an end that progress may still overtake is shown, and put right later', async () => {
  const bot = await startWithProgress();
  bot.discord.faults.edit.set('reset');
  await bot.press();
  expect(titles(bot.shown())).toEqual(['end']);
  expect(bot.ends).toEqual(['told', 'mend']);
});

test('what a public card withholds is told to the presser alone, and counts as told once both are there', async () => {
  const ends: string[] = [];
  const bot = await startBot({
    press: async () => ({
      update: view('Refused', { aside: view('Refused: why') }),
      told: async () => void ends.push('told'),
      lost: async () => void ends.push('lost'),
    }),
  });
  const { id } = await bot.openCard(true);
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(titles(bot.shown())).toEqual(['Refused', 'Refused: why']);
  expect(titles(bot.shown(bob.id))).toEqual(['Refused']);
  const { id: another } = await bot.openCard(true);
  bot.discord.faults.followUp.set('401');
  bot.asAlice.press(another, confirmId);
  await until(() => ends.length === 2);
  expect(ends).toEqual(['told', 'lost']);
});

test('a result that was shown is reported as told', async () => {
  const ends: string[] = [];
  const bot = await startBot({
    press: async () => ({
      update: view('Set to 5x'),
      told: async () => void ends.push('told'),
      lost: async () => void ends.push('lost'),
    }),
  });
  const { id } = await bot.openCard();
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(ends).toEqual(['told']);
});

test('a result whose card cannot be edited is whispered instead', async () => {
  const ends: string[] = [];
  const bot = await startBot({
    press: async () => ({
      update: view('Set to 5x'),
      told: async () => void ends.push('told'),
      lost: async () => void ends.push('lost'),
    }),
  });
  const { id } = await bot.openCard(true);
  bot.discord.faults.edit.set('10062');
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex', 'Set to 5x']);
  expect(ends).toEqual(['told']);
});

test('a result that can be shown nowhere is reported as lost', async () => {
  const lost: string[] = [];
  const bot = await startBot({
    press: async () => {
      bot.clock.ms += 16 * 60_000;
      return { update: view('Set to 5x'), lost: async () => void lost.push('lost') };
    },
  });
  const { id } = await bot.openCard();
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(lost).toEqual(['lost']);
});

test('an unexpected error is whispered with its reference and the card stays', async () => {
  const bot = await startBot({
    press: async () => {
      throw new RangeError('the sky fell');
    },
  });
  const { id } = await bot.openCard();
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(titles(bot.shown())[0]).toBe('❔ BTCUSDT on Mudrex');
  expect(JSON.stringify(bot.shown()[1])).toContain('ref-1');
});

test('what the handler does afterwards may fail without harm', async () => {
  const bot = await startBot({
    press: async () => ({ answer: view('answer'), answered: () => Promise.reject(new TypeError('no')) }),
  });
  const { id } = await bot.openCard();
  bot.asAlice.press(id, confirmId);
  await bot.done();
  expect(bot.seen.at(-1)).toMatchObject({ result: 'ok' });
  expect(bot.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
});

test('a button of another version is answered as a card that is gone', async () => {
  const presses: Press[] = [];
  const bot = await startBot({
    commands: leverageSet(() => card('card')),
    press: async (press) => {
      presses.push(press);
      return {};
    },
  });
  const { id } = await bot.openCard();
  const { token, ...rest } = bot.discord.interactions().at(-1)?.payload ?? {};
  expect(token).toBeTypeOf('string');
  const stranger = { type: 2, style: 1, label: 'Old', custom_id: 'v0.confirm.1' };
  await bot.call('PATCH', `/webhooks/${String(rest.application_id)}/${String(token)}/messages/@original`, {
    components: [{ type: 1, components: [stranger] }],
  });
  bot.asAlice.press(id, 'v0.confirm.1');
  await bot.done();
  expect(presses).toEqual([]);
  expect(bot.seen.at(-1)).toMatchObject({ name: 'other', result: 'CARD_GONE' });
  expect(bot.shown()).toHaveLength(2);
});
