import { describe, expect, test } from 'vitest';
import { alice, bob, button, general, openInteraction, paths, row, startDiscord } from './support.ts';

const EPHEMERAL = 64;
const LOADING = 128;

describe('the first answer', () => {
  test('is due within three seconds', async () => {
    const loopback = await startDiscord();
    const { respond } = await openInteraction(loopback);
    loopback.clock.ms += 3001;
    expect(loopback.discord.interactions()[0]?.state).toBe('failed');
    expect(await respond(5)).toMatchObject({ status: 404, answer: { code: 10062, message: 'Unknown interaction' } });
  });

  test('is taken at exactly three seconds, without a body or a content type', async () => {
    const loopback = await startDiscord();
    const { respond } = await openInteraction(loopback);
    loopback.clock.ms += 3000;
    const { status, headers, answer } = await respond(5);
    expect([status, answer, headers.get('content-type')]).toEqual([204, undefined, null]);
  });

  test('is given once', async () => {
    const { respond } = await openInteraction(await startDiscord());
    await respond(5);
    expect(await respond(4, { content: 'again' })).toMatchObject({ status: 400, answer: { code: 40060 } });
  });

  test('needs the right token', async () => {
    const { interactionId } = await openInteraction(await startDiscord());
    const { call } = await startDiscord();
    const { status, answer } = await call('POST', `/interactions/${interactionId}/wrong/callback`, { type: 5 });
    expect([status, answer]).toMatchObject([404, { code: 10062 }]);
  });

  test('that is refused as a form leaves the interaction open', async () => {
    const { respond } = await openInteraction(await startDiscord());
    expect(await respond(4, {})).toMatchObject({ status: 400, answer: { code: 50006 } });
    expect(await respond(6)).toMatchObject({
      status: 400,
      answer: { code: 50035, errors: { type: { _errors: [{ code: 'BASE_TYPE_CHOICES' }] } } },
    });
    expect(await respond(4, { content: 'fine' })).toMatchObject({ status: 204 });
  });

  test('returns the message when asked to', async () => {
    const { discord, rest, ...loopback } = await startDiscord();
    const { interactionId, token } = await openInteraction({ discord, rest, ...loopback });
    const answer = await rest.post(`/interactions/${interactionId}/${token}/callback`, {
      auth: false,
      query: new URLSearchParams({ with_response: 'true' }),
      body: { type: 5, data: { flags: EPHEMERAL } },
    });
    expect(answer).toMatchObject({
      interaction: { id: interactionId, response_message_loading: true, response_message_ephemeral: true },
      resource: {
        type: 5,
        message: { flags: EPHEMERAL | LOADING, interaction_metadata: { id: interactionId, name: 'ping' } },
      },
    });
  });
});

describe('a deferred reply', () => {
  test('keeps its ephemeral flag and stops thinking when it is filled in', async () => {
    const loopback = await startDiscord();
    const { respond, edit } = await openInteraction(loopback);
    await respond(5, { flags: EPHEMERAL });
    const look = (viewer: string) => loopback.discord.messages(general, viewer);
    expect(look(alice.id)).toMatchObject([{ isThinking: true, isEphemeral: true, content: '' }]);
    expect(await edit({ content: 'done', flags: 0 })).toMatchObject({
      status: 200,
      answer: { flags: EPHEMERAL, edited_timestamp: null },
    });
    expect(look(alice.id)).toMatchObject([
      {
        isThinking: false,
        isEphemeral: true,
        content: 'done',
        editedAt: undefined,
        origin: { name: 'ping', userId: alice.id },
      },
    ]);
    expect(look(bob.id)).toEqual([]);
  });

  test('is filled in by a follow-up that comes right after it', async () => {
    const loopback = await startDiscord();
    const { respond, followUp } = await openInteraction(loopback);
    await respond(5, { flags: EPHEMERAL });
    await followUp({ content: 'first' });
    await followUp({ content: 'second', flags: EPHEMERAL });
    await followUp({ content: 'third' });
    expect(loopback.discord.messages(general, alice.id).map(({ content }) => content)).toEqual([
      'first',
      'second',
      'third',
    ]);
    expect(loopback.discord.messages(general, bob.id).map(({ content }) => content)).toEqual(['third']);
  });
});

describe('a webhook token', () => {
  test('ends after fifteen minutes', async () => {
    const loopback = await startDiscord();
    const { respond, edit, followUp } = await openInteraction(loopback);
    await respond(5);
    loopback.clock.ms += 15 * 60_000;
    expect(await edit({ content: 'in time' })).toMatchObject({ status: 200 });
    loopback.clock.ms += 1;
    expect(await edit({ content: 'late' })).toMatchObject({ status: 401, answer: { code: 50027 } });
    expect(await followUp({ content: 'late' })).toMatchObject({ status: 401, answer: { code: 50027 } });
  });

  test('is of no use before the acknowledgement', async () => {
    const { edit } = await openInteraction(await startDiscord());
    expect(await edit({ content: 'early' })).toMatchObject({ status: 404, answer: { code: 10015 } });
  });

  test('finds no original once it is deleted, with either spelling of its name', async () => {
    const { call, ...loopback } = await startDiscord();
    const { respond, webhook, edit } = await openInteraction({ call, ...loopback });
    await respond(4, { content: 'here' });
    expect((await edit({ content: 'still here' })).status).toBe(200);
    expect(await call('DELETE', `${webhook}/messages/%40original`)).toMatchObject({ status: 204 });
    expect(await edit({ content: 'gone' })).toMatchObject({ status: 404, answer: { code: 10008 } });
  });

  test('does not reach the messages of other interactions', async () => {
    const loopback = await startDiscord();
    const first = await openInteraction(loopback);
    await first.respond(4, { content: 'hers' });
    const second = await openInteraction(loopback, bob.id);
    await second.respond(5);
    const [hers] = loopback.discord.messages(general, alice.id);
    expect(await loopback.call('PATCH', `${second.webhook}/messages/${hers?.id}`, { content: 'mine' })).toMatchObject({
      status: 404,
      answer: { code: 10008 },
    });
  });
});

describe('components', () => {
  async function card(flags = 0) {
    const loopback = await startDiscord();
    const { respond } = await openInteraction(loopback);
    await respond(4, { content: 'card', flags, components: [row(button('yes'), button('no', { disabled: true }))] });
    const [message] = loopback.discord.messages(general, alice.id);
    if (message === undefined) throw new Error('no card');
    return { loopback, message };
  }

  test('report the message they sit on, and type 7 replaces it', async () => {
    const { loopback, message } = await card(EPHEMERAL);
    const { interactionId } = loopback.discord.as(alice.id).press(message.id, 'yes');
    const payload = loopback.discord.interactions().at(-1)?.payload;
    expect(payload).toMatchObject({
      type: 3,
      data: { component_type: 2, custom_id: 'yes', id: 2 },
      message: { id: message.id, flags: EPHEMERAL, content: 'card', components: [{ type: 1, id: 1 }] },
    });
    const { respond, edit } = paths(loopback, interactionId);
    expect((await respond(7, { content: 'pressed', components: [] })).status).toBe(204);
    expect((await edit({ content: 'settled' })).status).toBe(200);
    expect(loopback.discord.messages(general, alice.id)).toMatchObject([
      { id: message.id, content: 'settled', components: [], editedAt: loopback.clock.ms },
    ]);
  });

  test('of type 6 leave the message as it is', async () => {
    const { loopback, message } = await card();
    const { interactionId } = loopback.discord.as(bob.id).press(message.id, 'yes');
    const { respond, followUp } = paths(loopback, interactionId);
    expect((await respond(6)).status).toBe(204);
    await followUp({ content: 'not yours', flags: EPHEMERAL });
    expect(loopback.discord.messages(general, alice.id).map(({ content }) => content)).toEqual(['card']);
    expect(loopback.discord.messages(general, bob.id)).toMatchObject([
      { content: 'card' },
      { content: 'not yours', repliesTo: message.id },
    ]);
  });
});
