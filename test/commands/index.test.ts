import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alice, bob, callOf, freely } from '../support/gate.ts';
import { openCommands } from './support.ts';

/** Files in commands/ that are no command. */
const shared = ['index', 'options', 'completions'];

test('every file in commands/ is in the registry, and nothing else', async () => {
  const { commands } = await openCommands();
  const files = readdirSync(new URL('../../commands/', import.meta.url)).map((name) => name.replace(/\.ts$/, ''));
  expect(commands.map(({ name }) => name).sort()).toEqual(files.filter((name) => !shared.includes(name)).sort());
});

test('every option that offers completions has a command that gives them', async () => {
  const { all } = await openCommands();
  for (const [name, { options, complete }] of all) {
    const completes = Object.values(options).some((option) => option.kind === 'text' && option.completes);
    expect(complete !== undefined, name).toBe(completes);
  }
});

test('names and descriptions differ, and every description fits Discord', async () => {
  const { all } = await openCommands();
  const descriptions = all.map(([, { description }]) => description);
  expect(new Set(descriptions).size).toBe(all.length);
  for (const [, { description, options }] of all) {
    for (const text of [description, ...Object.values(options).map((option) => option.description)]) {
      expect(text.length).toBeLessThanOrEqual(100);
    }
  }
});

test('no option could carry a secret: keys are entered on the page only', async () => {
  const { all } = await openCommands();
  const names = all.flatMap(([, { options }]) => Object.keys(options));
  expect(names.filter((name) => /secret|key|token|password/i.test(name))).toEqual([]);
});

describe('somebody whom the operator has not allowed', () => {
  const rules = { ...freely, allowedUsers: new Set([alice]) };

  test('can run nothing that touches keys or exchanges', async () => {
    const { all, run, failureOf } = await openCommands({ rules });
    const values = { venue: 'paper', market: 'BTCUSD', leverage: '5' };
    for (const [name, { options }] of all.filter(([each]) => /^(leverage|keys)/.test(each))) {
      const own = Object.fromEntries(Object.entries(values).filter(([option]) => option in options));
      expect(await failureOf(run(bob, name, own)), name).toEqual({ code: 'USER_NOT_ALLOWED' });
    }
  });

  test('gets no completions: a completion opens keys to list their names', async () => {
    const { all, gate } = await openCommands({ rules });
    await gate.addKey(alice, 'a-secret', 'alices');
    await gate.addKey(bob, 'b-secret', 'bobs');
    const completes = all.filter(([, { options }]) => 'account' in options);
    expect(completes.length).toBeGreaterThan(3);
    const complete = async (user: string, each: (typeof completes)[number]) =>
      (await each[1].complete?.(callOf(user), 'account', '', { venue: 'paper' }))?.map(({ value }) => value);
    gate.opened.length = 0;
    for (const each of completes) expect(await complete(bob, each), each[0]).toEqual([]);
    expect(gate.opened).toEqual([]);
    for (const each of completes) expect(await complete(alice, each), each[0]).toEqual(['alices']);
  });

  test('can read the help and delete their data', async () => {
    const { run } = await openCommands({ rules });
    expect((await run(bob, 'help')).title).toContain('Levergate');
    expect((await run(bob, 'privacy')).buttons).toHaveLength(1);
  });
});
