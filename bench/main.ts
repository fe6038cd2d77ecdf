import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measurement, Settings } from './figures.ts';
import { describeMachine, loadNow } from './machine.ts';
import { measurements, type Options, readOptions } from './options.ts';
import { type Run, replaceBlock, toJson, toMarkdown } from './report.ts';

const document = new URL('../docs/performance.md', import.meta.url);

const words = process.argv.slice(2);
const options = readOptions(words);
if (typeof options === 'string') {
  console.error(options);
  process.exit(2);
}
print(options, await measureAll(options));

async function measureAll({ rounds, isLong, only }: Options): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'levergate-bench-'));
  const startedAt = performance.now();
  const loadBefore = loadNow();
  const done: Measurement[] = [];
  try {
    for (const [name, measure] of Object.entries(measurements)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const progress: Settings['progress'] = (text) => console.error(`${name}: ${text}`);
      done.push(await measure({ rounds, isLong, directory, progress }));
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return {
    machine: describeMachine(loadBefore),
    date: new Date().toISOString().slice(0, 10),
    command: ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' '),
    rounds,
    seconds: (performance.now() - startedAt) / 1_000,
    measurements: done,
  };
}

function print({ output }: Options, run: Run): void {
  if (output === 'json') console.log(toJson(run));
  else if (output === 'text') console.log(toMarkdown(run));
  else writeFileSync(document, replaceBlock(readFileSync(document, 'utf8'), toMarkdown(run)));
}
