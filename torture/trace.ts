import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What was decided and done, in order, for whoever has to understand a violation. */
export type Trace = {
  readonly note: (text: string) => void;
  /** A line that the bot printed. */
  readonly bot: (line: string) => void;
  /** @returns the path of the file. */
  readonly save: (name: string) => string;
};

const KEPT = 100_000;

export function createTrace(): Trace {
  const startedAt = performance.now();
  const lines: string[] = [];

  function keep(text: string): void {
    lines.push(`${((performance.now() - startedAt) / 1_000).toFixed(3)} ${text}`);
    if (lines.length > KEPT) lines.splice(0, KEPT / 10);
  }

  return {
    note: keep,
    bot: (line) => keep(`bot: ${line}`),
    save(name) {
      const path = join(tmpdir(), `levergate-torture-${name}.log`);
      writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
      return path;
    },
  };
}
