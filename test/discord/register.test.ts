import { expect, test } from 'vitest';
import { type Command, subcommand } from '../../src/command.ts';
import { describeCommands } from '../../src/discord/command-forms.ts';
import { createRegistration } from '../../src/discord/register.ts';
import {
  applicationId,
  card,
  createTestLog,
  leverageSet,
  openDiscord,
  openRest,
  prepareBot,
  startBot,
  until,
  venues,
  view,
} from './support.ts';

const single = (name: string): Command =>
  subcommand({ name, description: 'Does something', options: {}, run: async () => view('x') });

test('commands are registered once, and again only after they changed', async () => {
  const first = await startBot();
  const versions = () => first.discord.commands().map(({ version }) => version);
  const [version] = versions();
  expect(version).toBeTypeOf('string');

  const again = async (commands: readonly Command[]) => {
    const { bot } = await prepareBot({ api: first.api, commands });
    await bot.start();
  };
  await again(leverageSet(() => card('card')));
  expect(versions()).toEqual([version]);
  await again([single('other')]);
  expect(first.discord.commands().map(({ name }) => name)).toEqual(['other']);
});

test('a registration that fails leaves the bot running, not ready, and is tried again until it succeeds', async () => {
  const waits: number[] = [];
  const again = Promise.withResolvers<void>();
  const pause = async (ms: number, signal?: AbortSignal) => {
    // Those within one attempt have no signal.
    if (signal === undefined) return;
    waits.push(ms);
    if (waits.length === 4) await again.promise;
  };
  const { bot, discord, log } = await prepareBot({ pause });
  discord.faults.commands.set('500', Number.POSITIVE_INFINITY);
  await expect(bot.start()).resolves.toBe(applicationId);
  expect(bot.isReady()).toBe(true);
  await until(() => waits.length === 4);
  expect(bot.state()).toBe('commands not registered');
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(4);

  discord.faults.commands.set('ok');
  again.resolve();
  await until(() => bot.state() === 'ok');
  expect(discord.commands()).toHaveLength(1);
});

test('a bot that is stopped gives up registering', async () => {
  const waiting = Promise.withResolvers<AbortSignal>();
  const pause = async (_ms: number, signal?: AbortSignal) => {
    if (signal === undefined) return;
    waiting.resolve(signal);
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  const { bot, discord } = await prepareBot({ pause });
  discord.faults.commands.set('500', Number.POSITIVE_INFINITY);
  await bot.start();
  const signal = await waiting.promise;
  await bot.stop();
  expect(signal.aborted).toBe(true);
});

test('the log says which field Discord refused, and why', async () => {
  const { api } = await openDiscord();
  const log = createTestLog();
  const [form] = describeCommands([single('a')], venues);
  if (form === undefined) throw new Error('there is no form');
  const forms = [{ ...form, description: 'canary '.repeat(20) }];
  const pause = () => Promise.reject(new Error('no second attempt'));
  const registration = createRegistration(
    { forms, rest: openRest({ api, log }), log, pause },
    new AbortController().signal,
  );
  await registration.register(applicationId);
  expect(registration.commandIds()).toBeUndefined();
  expect(log.lines).toEqual([expect.stringContaining('0.description: Must be 100 or fewer in length.')]);
  expect(log.lines.join()).not.toContain('canary');
});

test('a registration is tried again after a server error', async () => {
  const { bot, discord } = await prepareBot();
  discord.faults.commands.set('500', 2);
  await bot.start();
  expect(discord.commands()).toHaveLength(1);
});
