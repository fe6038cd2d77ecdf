import { expect, test } from 'vitest';
import { alice, openGate } from '../support/gate.ts';

test('what is still being made known at the end is waited for, and its note is gone then', async () => {
  const gate = await openGate();
  const { promise: posted, resolve: post } = Promise.withResolvers<void>();
  gate.audit.duringPost = () => posted;
  await gate.addKey(alice);
  const { id } = await gate.ask(alice);
  await gate.press('confirm', id);
  const { caretaker } = gate.parts();
  const notes = () => gate.store.list('audit/');
  const idle = caretaker.whenAnnounced();
  const first = await Promise.race([idle.then(() => 'idle'), gate.store.now().then(() => 'under way')]);
  await caretaker.settleNotes();
  expect([first, await notes()]).toEqual(['under way', [expect.objectContaining({ key: `audit/${alice}/${id}` })]]);

  post();
  await idle;
  await caretaker.settleNotes();
  expect(await notes()).toEqual([]);
});

test('of two outcomes of one change both are waited for', async () => {
  const gate = await openGate();
  const posts: (() => void)[] = [];
  gate.audit.duringPost = () => new Promise<void>((resolve) => void posts.push(resolve));
  await gate.addKey(alice);
  const { id } = await gate.ask(alice);
  gate.state.fate = 'silent, lost';
  await gate.press('confirm', id);
  gate.clock.advance(60_000);
  await gate.parts().caretaker.tick();
  expect(gate.outcomes.map(({ outcome }) => outcome.kind)).toEqual(['unsettled', 'not-applied']);

  const idle = gate.parts().caretaker.whenAnnounced();
  const state = () => Promise.race([idle.then(() => 'idle'), gate.store.now().then(() => 'under way')]);
  posts[1]?.();
  await gate.store.now();
  expect(await state()).toBe('under way');
  posts[0]?.();
  await idle;
  expect(gate.errors).toEqual([]);
});
