import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import { createWorld } from '../support/world.ts';

test('no number of keys that people send makes the log forget the operator’s own secrets', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', stream: { write: (line: string) => lines.push(line) } });
  const world = await createWorld({}, { log, publicUrl: 'http://127.0.0.1:1' });
  await world.startBot();
  for (let index = 0; index < 1100; index += 1) log.protect(new Secret(`canary-key-${1000 + index}`));
  const { DISCORD_TOKEN, DISCORD_CLIENT_SECRET, METRICS_TOKEN, MASTER_KEYS } = world.env;
  const secrets = [DISCORD_TOKEN, DISCORD_CLIENT_SECRET, METRICS_TOKEN, MASTER_KEYS.slice('k1:'.length)];
  for (const secret of secrets) log.info({}, `it is ${secret}`);
  expect(secrets.filter((secret) => lines.join('').includes(secret)).length, 'secrets found').toBe(0);
});
