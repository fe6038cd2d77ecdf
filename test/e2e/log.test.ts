import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import { createWorld } from '../support/world.ts';

test('a start warns of every exchange whose API ends, and where its successor is not offered', async () => {
  const world = await createWorld({ VENUES: 'mudrex,kraken-futures' });
  await world.startBot();
  const warnings = world.lines.filter((line) => line.includes('the API of this exchange ends'));
  expect(warnings.map((line) => JSON.parse(line))).toMatchObject([
    {
      ...{ level: 40, venue: 'kraken-futures', successor: 'kraken' },
      ...{ at: '2027-03-01T00:00:00.000Z', closesAt: '2027-02-28T00:00:00.000Z' },
      msg: 'the API of this exchange ends, and VENUES does not name its successor',
    },
  ]);
});

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
