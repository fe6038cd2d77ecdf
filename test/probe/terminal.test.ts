import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createTerminal } from '../../probe/terminal.ts';

/** A keyboard and a screen that readline takes for a terminal's. */
function openTerminal() {
  const modes: boolean[] = [];
  const setRawMode = (isRaw: boolean) => modes.push(isRaw);
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
  const output = new PassThrough();
  let interrupts = 0;
  const terminal = createTerminal({ input, output, onInterrupt: () => (interrupts += 1) });
  return { terminal, input, modes, interrupts: () => interrupts, screen: () => String(output.read() ?? '') };
}

test('nothing of a secret appears while it is typed, corrected or pasted', async () => {
  const { terminal, input, screen } = openTerminal();
  const asked = terminal.askHidden('Key:');
  for (const key of ['c', 'a', 'x', '\u007f', 'nary']) input.write(key);
  input.write('-pasted-0123456789\r');
  expect((await asked)?.reveal()).toBe('canary-pasted-0123456789');
  expect(screen()).toBe('Key: \n');
});

test('what is typed for a confirmation appears, and nothing of the secret before it comes back with the arrow keys', async () => {
  const { terminal, input, screen } = openTerminal();
  const secret = terminal.askHidden('Key:');
  input.write('canary-secret\r');
  await secret;
  const asked = terminal.ask('Sure?');
  input.write('\u001b[A');
  input.write('yes\r');
  expect(await asked).toBe('yes');
  const shown = screen();
  expect(shown).toContain('yes');
  expect(shown).not.toContain('canary');
});

test('the terminal is taken out of its raw mode at the end, and Ctrl+C is told', () => {
  const { terminal, input, modes, interrupts } = openTerminal();
  input.write('\u0003');
  expect(interrupts()).toBe(1);
  terminal.close();
  expect(modes).toEqual([true, false]);
});
