import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createPlayground } from '../../../playground/playground.ts';
import { readSettings } from '../../../playground/settings.ts';

const main = fileURLToPath(new URL('../../../playground/main.ts', import.meta.url));

it('listens on port 4400 unless told otherwise', () => {
  expect(readSettings({})).toEqual({ kind: 'ok', port: 4400 });
  expect(readSettings({ PLAYGROUND_PORT: '4500' })).toEqual({ kind: 'ok', port: 4500 });
});

it.each(['0', '65535', '4400x', '-1', '1e3'])('refuses the port %s', (port) => {
  expect(readSettings({ PLAYGROUND_PORT: port })).toMatchObject({ kind: 'refused' });
});

it.each(['0.0.0.0', '::', '192.168.1.10', 'playground.example'])('refuses to listen on %s', async (host) => {
  expect(readSettings({ PLAYGROUND_HOST: host })).toMatchObject({ kind: 'refused' });
  await expect(createPlayground({ host })).rejects.toThrow('The playground listens on loopback only.');
});

it.each(['DISCORD_TOKEN', 'MASTER_KEYS'])(
  'does not start while %s is in the environment, and says so in one line',
  (name) => {
    const env = { ...process.env, [name]: 'a-real-secret' };
    const { status, stderr, stdout } = spawnSync(process.execPath, [main], { env, encoding: 'utf8', timeout: 20_000 });
    expect(status).toBe(2);
    expect(stderr).toBe(`Not started: ${name} must not be set: the playground has a bot of its own.\n`);
    expect(stdout).toBe('');
  },
);
