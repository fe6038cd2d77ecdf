import { expect, test } from 'vitest';
import type { Call } from '../../src/command.ts';
import { type Delivery, followUpOf, placed } from '../../src/delivery.ts';
import type { Note } from '../../src/view.ts';
import { bob, card, general, leverageSet, prepareBot, startBot, titles, until, view } from './support.ts';

const MINUTE_MS = 60_000;

async function startWithCard(isShared: boolean) {
  const calls: Call[] = [];
  const bot = await startBot({
    commands: leverageSet((call) => {
      calls.push(call);
      return card('card');
    }),
  });
  await bot.openCard(isShared);
  const [call] = calls;
  if (call === undefined) throw new Error('the command did not run');
  return { ...bot, messenger: bot.bot.messenger, delivery: call.delivery };
}

const patches = ({ discord }: Awaited<ReturnType<typeof startBot>>) =>
  (discord.interactions().at(-1)?.calls ?? []).filter(({ method }) => method === 'PATCH').length;

const note = (text: string): readonly Note[] => [{ tone: 'plain', text }];

test('a young message is edited by its token', async () => {
  const { messenger, delivery, shown } = await startWithCard(false);
  expect(await messenger.edit(delivery, view('expired'))).toBe('told');
  expect(titles(shown())).toEqual(['expired']);
  expect(shown()[0]?.components).toEqual([]);
});

test('a follow-up is edited by its own id', async () => {
  const bot = await startBot({
    press: async () => ({ answer: card('answer'), answered: async (messageId) => void ids.push(messageId) }),
  });
  const ids: string[] = [];
  const { id } = await bot.openCard();
  bot.asAlice.press(id, `v1.confirm.${'A'.repeat(22)}`);
  await bot.done();
  const token = String(bot.discord.interactions().at(-1)?.payload.token);
  const [messageId] = ids;
  if (messageId === undefined) throw new Error('the answer has no id');
  const delivery: Delivery = { kind: 'follow-up', token, at: bot.clock.ms, channel: general, messageId };
  expect(await bot.bot.messenger.edit(delivery, view('answer expired'))).toBe('told');
  expect(titles(bot.shown())).toEqual(['❔ BTCUSDT on Mudrex', 'answer expired']);
});

test('a whisper is a message of its own that only the person sees, while the token lives', async () => {
  const { messenger, delivery, clock, shown } = await startWithCard(true);
  expect(await messenger.whisper(delivery, view('psst'))).toBe('told');
  expect(titles(shown())).toEqual(['❔ card', 'psst']);
  expect(titles(shown(bob.id))).toEqual(['❔ card']);
  clock.ms += 15 * MINUTE_MS;
  expect(await messenger.whisper(delivery, view('too late'))).toBe('lost');
});

test('a public message is edited as the bot once its token is over, without asking the token', async () => {
  const bot = await startWithCard(true);
  const before = patches(bot);
  bot.clock.ms += 15 * MINUTE_MS;
  expect(await bot.messenger.edit(bot.delivery, view('expired'))).toBe('told');
  expect(titles(bot.shown(bob.id))).toEqual(['expired']);
  expect(patches(bot)).toBe(before);
});

test('a public message is edited as the bot when its token ended early', async () => {
  const { messenger, delivery, discord, shown } = await startWithCard(true);
  discord.faults.edit.set('10062');
  expect(await messenger.edit(delivery, view('expired'))).toBe('told');
  expect(titles(shown(bob.id))).toEqual(['expired']);
});

test('a private message is lost once its token is over', async () => {
  const bot = await startWithCard(false);
  bot.clock.ms += 15 * MINUTE_MS;
  expect(await bot.messenger.edit(bot.delivery, view('expired'))).toBe('lost');
  expect(titles(bot.shown())).toEqual(['❔ card']);
});

test('the bot never edits the public card in place of a follow-up to it', async () => {
  const bot = await startWithCard(true);
  bot.clock.ms += 15 * MINUTE_MS;
  const followUp = placed(bot.delivery, '1573488112435200099');
  expect(await bot.messenger.edit(followUp, view('follow-up'))).toBe('lost');
  expect(titles(bot.shown())).toEqual(['❔ card']);
});

test('a follow-up whose id is not known is never edited in place of the message that it follows', async () => {
  const bot = await startWithCard(true);
  expect(await bot.messenger.edit(followUpOf(bot.delivery), view('follow-up'))).toBe('lost');
  expect(titles(bot.shown())).toEqual(['❔ card']);
});

test('an edit survives three server errors and a rate limit, but not a fourth', async () => {
  const { messenger, delivery, discord, shown } = await startWithCard(false);
  discord.faults.edit.set('500', 3);
  expect(await messenger.edit(delivery, view('third'))).toBe('told');
  discord.faults.edit.set('429', 2);
  expect(await messenger.edit(delivery, view('limited'))).toBe('told');
  discord.faults.edit.set('reset', 2);
  expect(await messenger.edit(delivery, view('reset'))).toBe('told');
  discord.faults.edit.set('500', 4);
  expect(await messenger.edit(delivery, view('fourth'))).toBe('lost');
  expect(titles(shown())).toEqual(['reset']);
});

test('a post after silence is not sent twice, after a server error it is', async () => {
  const { messenger, discord, shown } = await startWithCard(false);
  discord.faults.channelMessage.set('lost');
  expect(await messenger.post(general, note('lost'))).toBe('lost');
  discord.faults.channelMessage.set('500');
  expect(await messenger.post(general, note('again'))).toBe('told');
  expect(shown(bob.id).map(({ embeds }) => embeds[0]?.description)).toEqual(['lost', 'again']);
});

test('a channel that does not exist and a view that cannot be shown are lost, not thrown', async () => {
  const { messenger, log, delivery } = await startWithCard(false);
  expect(await messenger.post('300000000000000099', note('x'))).toBe('lost');
  const broken = view('x', { buttons: [{ kind: 'link', url: 'no address', label: 'x' }] });
  expect(await messenger.edit(delivery, broken)).toBe('lost');
  expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
});

test('an edit before the bot knows its own id waits for it', async () => {
  const first = await startWithCard(false);
  const { bot } = await prepareBot({ api: first.api });
  const edited = bot.messenger.edit(first.delivery, view('after a restart'));
  await bot.start();
  expect(await edited).toBe('told');
  expect(titles(first.shown())).toEqual(['after a restart']);
});

test('an edit is lost when the bot stops before it knows its own id', async () => {
  const { bot, clock } = await prepareBot();
  const delivery = { kind: 'own', token: 'aW50ZXJhY3Rpb246', at: clock.ms, channel: general, isPublic: false } as const;
  const edited = bot.messenger.edit(delivery, view('never'));
  await bot.stop();
  expect(await edited).toBe('lost');
});

test('the end is told once, however often Discord says it', async () => {
  const { bot, messenger, discord, fatal } = await startWithCard(false);
  discord.faults.channelMessage.set('401');
  await messenger.post(general, note('refused'));
  discord.faults.gateway.drop(4004);
  await until(() => !bot.isReady());
  expect(fatal).toHaveLength(1);
});

test('a 401 on one of the bot’s own routes is fatal, on a webhook route it is not', async () => {
  const { messenger, delivery, discord, fatal, shown } = await startWithCard(false);
  discord.faults.edit.set('401');
  expect(await messenger.edit(delivery, view('refused'))).toBe('lost');
  expect(fatal).toEqual([]);
  discord.faults.channelMessage.set('401');
  expect(await messenger.post(general, note('refused'))).toBe('lost');
  expect(fatal).toMatchObject([{ name: 'StartError', problem: { reason: 'bad-token' } }]);
  expect(await messenger.edit(delivery, view('still works'))).toBe('told');
  expect(titles(shown())).toEqual(['still works']);
});
