import { expect, test } from 'vitest';
import { createLatestOnly } from '../../src/discord/latest-only.ts';

/** Something slow that shows one value at each turn. */
function openSlow() {
  const shown: string[] = [];
  let turn = Promise.withResolvers<void>();
  const latest = createLatestOnly(async (value: string) => {
    await turn.promise;
    shown.push(value);
  });
  const release = (): void => {
    turn.resolve();
    turn = Promise.withResolvers<void>();
  };
  return { shown, latest, release };
}

test('of what is offered meanwhile only the newest is shown', async () => {
  const { shown, latest, release } = openSlow();
  for (const value of ['one', 'two', 'three']) latest.offer(value);
  release();
  await Promise.resolve().then(() => Promise.resolve());
  release();
  await latest.settle();
  expect(shown).toEqual(['one', 'three']);
});

test('settling waits for what is under way, and nothing is shown afterwards', async () => {
  const { shown, latest, release } = openSlow();
  latest.offer('one');
  latest.offer('two');
  const settled = latest.settle();
  latest.offer('late');
  expect(shown).toEqual([]);
  release();
  await settled;
  latest.offer('later');
  expect(shown).toEqual(['one']);
});

test('without anything offered there is nothing to wait for', async () => {
  const { shown, latest } = openSlow();
  await latest.settle();
  expect(shown).toEqual([]);
});
