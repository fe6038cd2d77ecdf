import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readOptions, usage } from './options.ts';
import { runProbe } from './probe.ts';
import { createTerminal } from './terminal.ts';

const options = readOptions(process.argv.slice(2));
if (typeof options === 'string') stop(`${options}\n\n${usage}`);
if (!process.stdin.isTTY && options.playground === undefined)
  stop('The key is typed on a terminal. What comes through a pipe is taken only with --playground.');

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));
const terminal = createTerminal({
  input: process.stdin,
  output: process.stdout,
  onInterrupt: () =>
    stop('\nEnded. Where "Sending it." stands above without an answer, look at the exchange’s own page.', 130),
});
const code = await runProbe({ options, terminal, now: Date.now, version });
terminal.close();
process.exit(code);

function stop(why: string, exitCode = 2): never {
  console.error(why);
  process.exit(exitCode);
}
