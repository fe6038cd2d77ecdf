import { describe, expect, test } from 'vitest';
import { ClientRefusal } from '../../../simulators/discord/client/client-refusal.ts';
import {
  alice,
  bob,
  button,
  connectBot,
  desk,
  general,
  guildId,
  openInteraction,
  paths,
  registerCommands,
  row,
  startDiscord,
} from './support.ts';

const complete = { venue: 'kraken', market: 'BTC', leverage: 5 };

async function start() {
  const loopback = await startDiscord();
  await registerCommands(loopback);
  return loopback;
}

function reasonOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof ClientRefusal) return error.reason;
    throw error;
  }
}

describe('the client does not send', () => {
  test.each([
    { what: 'an unknown command', name: 'nothing', options: {}, reason: 'unknown-command' },
    { what: 'an unknown subcommand', name: 'leverage get', options: {}, reason: 'unknown-command' },
    { what: 'a command without its subcommand', name: 'leverage', options: {}, reason: 'unknown-command' },
    { what: 'an unknown option', name: 'ping', options: { loud: true }, reason: 'unknown-option' },
    {
      what: 'a command without a required option',
      name: 'leverage set',
      options: { venue: 'kraken' },
      reason: 'missing-option',
    },
    {
      what: 'a value outside the choices',
      name: 'leverage set',
      options: { ...complete, venue: 'other' },
      reason: 'not-a-choice',
    },
    {
      what: 'a text for a number',
      name: 'leverage set',
      options: { ...complete, leverage: '5' },
      reason: 'wrong-type',
    },
    { what: 'a fraction for an integer', name: 'ping', options: { times: 1.5 }, reason: 'wrong-type' },
    {
      what: 'a number below the minimum',
      name: 'leverage set',
      options: { ...complete, leverage: 0.5 },
      reason: 'out-of-bounds',
    },
    {
      what: 'a number above the maximum',
      name: 'leverage set',
      options: { ...complete, leverage: 101 },
      reason: 'out-of-bounds',
    },
    {
      what: 'a text that is too long',
      name: 'leverage set',
      options: { ...complete, market: 'a'.repeat(21) },
      reason: 'out-of-bounds',
    },
    { what: 'a command one lacks the permission for', name: 'admin', options: {}, reason: 'unknown-command' },
  ])('$what', async ({ name, options, reason }) => {
    const { discord } = await start();
    expect(reasonOf(() => discord.as(bob.id).command(general, name, options))).toBe(reason);
    expect(discord.interactions()).toEqual([]);
  });

  test('anything in a channel one cannot see', async () => {
    const { discord } = await start();
    expect(reasonOf(() => discord.as(bob.id).command(desk, 'ping'))).toBe('unknown-channel');
    expect(reasonOf(() => discord.as(bob.id).command(discord.as(alice.id).inbox, 'ping'))).toBe('unknown-channel');
    expect(discord.channels(bob.id).map(({ channelId }) => channelId)).not.toContain(desk);
  });
});

test('a permission given later opens the command that needs it', async () => {
  const { discord } = await start();
  discord.changeMember(guildId, bob.id, { permissions: '8', roles: ['1'] });
  discord.as(bob.id).command(general, 'admin');
  expect(discord.interactions()[0]?.payload).toMatchObject({ member: { permissions: '8', roles: ['1'] } });
});

test('a value outside the suggestions of autocomplete is sent', async () => {
  const { discord } = await start();
  discord.as(bob.id).command(general, 'leverage set', complete);
  expect(discord.interactions()).toHaveLength(1);
});

describe('autocomplete', () => {
  test('asks with what is typed so far and shows the choices', async () => {
    const loopback = await start();
    const asked = loopback.discord
      .as(alice.id)
      .autocomplete(general, 'leverage set', { options: { market: 'bt' }, focused: 'market' });
    const [record] = loopback.discord.interactions();
    const option = { name: 'market', type: 3, value: 'bt', focused: true };
    expect(record?.payload).toMatchObject({ type: 4, data: { options: [{ name: 'set', options: [option] }] } });
    await paths(loopback, record?.id ?? '').respond(8, { choices: [{ name: 'BTC/USD', value: 'PF_XBTUSD' }] });
    expect(await asked).toEqual({ kind: 'choices', choices: [{ name: 'BTC/USD', value: 'PF_XBTUSD' }] });
  });

  test('fails when nobody answers', async () => {
    const loopback = await startDiscord({ autocompletePatienceMs: 20 });
    await registerCommands(loopback);
    expect(
      await loopback.discord.as(alice.id).autocomplete(general, 'leverage set', { options: {}, focused: 'market' }),
    ).toEqual({
      kind: 'failed',
    });
  });

  test('is not asked of an option that has none', async () => {
    const { discord } = await start();
    const asking = discord.as(alice.id).autocomplete(general, 'leverage set', { options: {}, focused: 'venue' });
    await expect(asking).rejects.toMatchObject({ reason: 'no-autocomplete' });
  });
});

describe('a press', () => {
  async function card(flags = 0) {
    const loopback = await startDiscord();
    const { respond } = await openInteraction(loopback);
    const buttons = row(button('yes'), button('off', { disabled: true }), {
      type: 2,
      style: 5,
      label: 'Docs',
      url: 'https://example.com',
    });
    await respond(4, { content: 'card', flags, components: [buttons] });
    const [{ id } = { id: '' }] = loopback.discord.messages(general, alice.id);
    return { ...loopback, id };
  }

  test('on a disabled or missing button is not sent', async () => {
    const { discord, id } = await card();
    expect(reasonOf(() => discord.as(alice.id).press(id, 'off'))).toBe('disabled');
    expect(reasonOf(() => discord.as(alice.id).press(id, 'other'))).toBe('unknown-component');
    expect(reasonOf(() => discord.as(alice.id).press('1', 'yes'))).toBe('unknown-message');
  });

  test('on somebody else’s ephemeral message is not possible', async () => {
    const { discord, id } = await card(64);
    expect(reasonOf(() => discord.as(bob.id).press(id, 'yes'))).toBe('unknown-message');
  });

  test('on a public card is open to everybody', async () => {
    const { discord, id } = await card();
    discord.as(bob.id).press(id, 'yes');
    expect(discord.interactions().at(-1)).toMatchObject({ userId: bob.id, type: 3, state: 'waiting' });
  });
});

describe('who listens', () => {
  test('hears of every visible change, and whom it is for', async () => {
    const loopback = await startDiscord();
    const heard: string[] = [];
    const stop = loopback.discord.onChange((change) => {
      heard.push(change.kind === 'message' ? `${change.action} ${change.onlyFor ?? 'all'}` : change.kind);
    });
    const { respond, edit } = await openInteraction(loopback);
    await respond(5, { flags: 64 });
    await edit({ content: 'done' });
    stop();
    await edit({ content: 'unheard' });
    expect(heard.filter((what) => what !== 'interaction')).toEqual([
      'commands',
      `created ${alice.id}`,
      `edited ${alice.id}`,
    ]);
  });

  test('can wait for the bot to answer', async () => {
    const loopback = await start();
    const { manager } = await connectBot(loopback);
    await manager.connect();
    manager.on('dispatch', ({ data }) => {
      if (data.t !== 'INTERACTION_CREATE') return;
      void loopback.rest.post(`/interactions/${data.d.id}/${data.d.token}/callback`, {
        auth: false,
        body: { type: 4, data: { content: 'pong' } },
      });
    });
    loopback.discord.as(alice.id).command(general, 'ping');
    const answer = await loopback.discord.until(() => loopback.discord.messages(general, bob.id).at(-1));
    expect(answer).toMatchObject({ content: 'pong', origin: { name: 'ping', userId: alice.id } });
    await expect(loopback.discord.until(() => false, 10)).rejects.toThrow('10 ms');
  });
});
