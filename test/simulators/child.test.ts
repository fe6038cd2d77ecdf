import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type Child, ChildEnded, type ChildOptions, openChild } from '../../simulators/child.ts';

const program = new URL('child-program.ts', import.meta.url);

function open(options: ChildOptions = {}): Child {
  const child = openChild(program, options);
  onTestFinished(async () => void (await child.kill('SIGKILL', 0)));
  return child;
}

test('what is asked before it runs is answered, each question by its own answer', async () => {
  const child = open();
  expect(await Promise.all([1, 2, 3].map((each) => child.ask('double', each, z.number())))).toEqual([2, 4, 6]);
});

test('an error keeps the words and the place of the child', async () => {
  const asked = open().ask('fail', {}, z.undefined());
  await expect(asked).rejects.toMatchObject({
    message: 'it went wrong',
    stack: expect.stringContaining('child-program.ts'),
  });
});

test('what nothing answers is refused', async () => {
  await expect(open().ask('sing', {}, z.undefined())).rejects.toThrow('nothing answers sing');
});

test('an answer of another shape is refused', async () => {
  await expect(open().ask('double', 1, z.string())).rejects.toThrow(z.ZodError);
});

test('a question that takes too long is given up, and the next one is answered', async () => {
  const child = open();
  await expect(child.ask('wait', {}, z.undefined(), 20)).rejects.toThrow('no answer to wait within 20 ms');
  expect(await child.ask('double', 4, z.number())).toBe(8);
});

test('a child that is killed leaves no question open, and takes no more', async () => {
  const child = open();
  await child.ask('double', 1, z.number());
  const asked = child.ask('wait', {}, z.undefined());
  const [ending] = await Promise.all([child.kill('SIGKILL', 0), expect(asked).rejects.toThrow(ChildEnded)]);
  expect(ending).toEqual({ code: null, signal: 'SIGKILL' });
  await expect(child.ask('double', 1, z.number())).rejects.toThrow(ChildEnded);
});

test('a child may end at a signal in its own way, and is ended where it does not obey', async () => {
  const [obedient, deaf] = [open(), open()];
  await obedient.ask('double', 1, z.number());
  await deaf.ask('stopListening', {}, z.undefined());
  expect(await obedient.kill('SIGTERM', 10_000)).toEqual({ code: 3, signal: null });
  expect(await deaf.kill('SIGTERM', 20)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a child that nobody asks any more ends by itself', async () => {
  const child = open();
  await child.ask('double', 1, z.number());
  expect(await child.end()).toEqual({ code: 0, signal: null });
});

test('its lines are told, and its environment is what it was given', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = open({ onLine: resolve, environment: { LABEL: 'given' } });
  expect(await promise).toBe('it runs');
  expect(await child.ask('environment', {}, z.string())).toBe('given');
});
