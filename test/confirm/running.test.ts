import { expect, test } from 'vitest';
import { createRunning } from '../../src/confirm/running.ts';
import type { PressReply } from '../../src/press.ts';
import { alice, bob, openGate } from '../support/gate.ts';

async function twoProposals() {
  const gate = await openGate();
  await gate.addKey(alice);
  await gate.addKey(bob);
  return { mine: await gate.ask(alice), theirs: await gate.ask(bob), running: createRunning() };
}

test('a second press gets the result of the execution that is under way, and nothing after it', async () => {
  const { mine, running } = await twoProposals();
  const { promise, resolve } = Promise.withResolvers<PressReply>();
  const first = running.run(mine, () => promise);
  const second = running.resultOf(mine.id);
  expect(running.has(mine.id)).toBe(true);
  const reply = { update: { tone: 'done', title: 'Done' } } as const;
  resolve(reply);
  expect(await Promise.all([first, second])).toEqual([reply, reply]);
  expect(running.has(mine.id)).toBe(false);
  expect(await running.resultOf(mine.id)).toBeUndefined();
});

test('an execution that fails is over, and waiting for it does not fail', async () => {
  const { mine, running } = await twoProposals();
  const { promise, reject } = Promise.withResolvers<PressReply>();
  const failing = running.run(mine, () => promise);
  const idle = running.whenIdle();
  reject(new Error('no'));
  await expect(failing).rejects.toThrow('no');
  await expect(idle).resolves.toBeUndefined();
  expect(running.has(mine.id)).toBe(false);
});

test('waiting for one person does not wait for another', async () => {
  const { mine, theirs, running } = await twoProposals();
  const { promise, resolve } = Promise.withResolvers<PressReply>();
  const slow = running.run(theirs, () => promise);
  await running.whenIdle(mine.by);
  let isIdle = false;
  const idle = running.whenIdle(theirs.by).then(() => {
    isIdle = true;
  });
  await Promise.resolve();
  expect(isIdle).toBe(false);
  resolve({});
  await Promise.all([slow, idle]);
});
