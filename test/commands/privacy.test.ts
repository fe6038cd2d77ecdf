import { expect, test } from 'vitest';
import { alice, bob, labelsOf, shownBy, wordsOf } from '../support/gate.ts';
import { openCommands } from './support.ts';

test('it says what is kept and for how long, and its button deletes nothing before a second one', async () => {
  const { run, gate } = await openCommands();
  await gate.addKey(alice);
  const view = await run(alice, 'privacy');
  expect(wordsOf(view)).toContain('for 90 days');
  const [button] = view.buttons ?? [];
  const id = button?.kind === 'press' ? button.id : '';
  await expect(gate.press('do', id, bob)).rejects.toThrow('NOT_YOURS');
  const asked = await gate.press('do', id);
  expect(labelsOf(asked.update)).toEqual(['Delete it all', 'Keep it']);
  expect(await gate.vault.list(alice)).toHaveLength(1);
  const [sure] = asked.update?.buttons ?? [];
  expect(shownBy(await gate.press('do', sure?.kind === 'press' ? sure.id : ''))).toContain(
    'Everything of yours is deleted',
  );
});
