import { REST } from '@discordjs/rest';
import { describe, expect, test } from 'vitest';
import { openInteraction, startDiscord } from './support.ts';

describe('faults', () => {
  const once = () => ({ timeout: 300, retries: 0, rejectOnRateLimit: () => true });

  test.each([
    { mode: '500', status: 500, applied: false },
    { mode: '429', status: 429, applied: false },
    { mode: '401', status: 401, applied: false },
    { mode: '10062', status: 404, applied: false },
    { mode: '40060', status: 400, applied: false },
    { mode: 'hang', status: undefined, applied: false },
    { mode: 'reset', status: undefined, applied: false },
    { mode: 'cut body', status: 204, applied: true },
    { mode: 'lost', status: undefined, applied: true },
  ] as const)('a callback with $mode fails, and is carried out: $applied', async ({ mode, status, applied }) => {
    const loopback = await startDiscord();
    const { interactionId, token } = await openInteraction(loopback);
    loopback.discord.faults.callback.set(mode);
    const rest = new REST({ api: loopback.api, ...once() });
    const failing = rest.post(`/interactions/${interactionId}/${token}/callback`, { auth: false, body: { type: 5 } });
    await expect(failing).rejects.toThrow();
    const [record] = loopback.discord.interactions();
    expect(record?.calls).toMatchObject([
      { method: 'POST', status, fault: mode, body: { type: 5 }, path: expect.not.stringContaining(token) },
    ]);
    expect(record?.state).toBe(applied ? 'answered' : 'waiting');
  });

  test('that hang end with the loopback', async () => {
    const loopback = await startDiscord();
    const { respond } = await openInteraction(loopback);
    loopback.discord.faults.callback.set('hang');
    const hanging = respond(5);
    await loopback.discord.until(() => loopback.discord.interactions()[0]?.calls.length === 1);
    loopback.discord.close();
    await expect(hanging).rejects.toThrow('fetch failed');
  });

  test('last as long as they were set for', async () => {
    const loopback = await startDiscord();
    const { respond, edit } = await openInteraction(loopback);
    await respond(5);
    loopback.discord.faults.edit.set('500', 2);
    expect((await edit({ content: 'a' })).status).toBe(500);
    expect((await edit({ content: 'a' })).status).toBe(500);
    expect((await edit({ content: 'a' })).status).toBe(200);
    expect(loopback.discord.interactions()[0]?.calls.map(({ status }) => status)).toEqual([204, 500, 500, 200]);
  });
});
