import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readOptions, usage } from './options.ts';
import { runProbe } from './probe.ts';
import { createTerminal } from './terminal.ts';

const parameters = process.argv.slice(2);
if (parameters.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
const options = readOptions(parameters);
if (typeof options === 'string') stop(`${options}\n\n${usage}`);
if (!process.stdin.isTTY && options.playground === undefined)
  stop('The key is typed on a terminal. What comes through a pipe is taken only with --playground.');

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));
const ending = new AbortController();
const end = () => {
  ending.abort();
  process.exit(130);
};
// While the terminal is read, Ctrl+C is a key; elsewhere it is a signal.
process.on('SIGINT', end);
process.on('SIGTERM', end);
const terminal = createTerminal({ input: process.stdin, output: process.stdout, onInterrupt: end });
try {
  const code = await runProbe({ options, terminal, now: Date.now, version, signal: ending.signal });
  terminal.close();
  process.exit(code);
} catch (error) {
  // Its message could quote a reply: only where it happened is shown.
  const places = error instanceof Error ? (error.stack?.match(/^ +at .*$/gm) ?? []) : [];
  console.error(['Something unforeseen went wrong:', ...places].join('\n'));
  process.exit(70);
}

function stop(why: string): never {
  console.error(why);
  process.exit(2);
}
