import { parseArgs } from 'node:util';
import { createPlayground, type Playground } from './playground.ts';
import { readSettings } from './settings.ts';
import { watchSources } from './watch.ts';

const { values: flags } = parseArgs({ options: { watch: { type: 'boolean', default: false } } });
const settings = readSettings(process.env);
if (settings.kind === 'refused') {
  console.error(`Not started: ${settings.why}`);
  process.exit(2);
}
await run(await createPlayground({ port: settings.port }), settings.port);

async function run(playground: Playground, port: number): Promise<void> {
  let isEnding = false;
  const end = async (code: number) => {
    if (isEnding) return;
    isEnding = true;
    await playground.stop();
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(0));

  try {
    const { url } = await playground.start();
    console.log(`The playground is ready: ${url}`);
    console.log('Nothing here reaches Discord or an exchange. Ctrl+C ends it and deletes its data.');
    if (flags.watch) watchSources(() => void restart(playground));
  } catch (error) {
    if (isEnding) return;
    console.error(`Not started: ${problemOf(error, port)}`);
    for (const line of playground.bot.lines().slice(-5)) console.error(line);
    await end(1);
  }
}

async function restart({ bot }: Playground): Promise<void> {
  await bot.restart();
  console.log(bot.state() === 'ready' ? 'The bot runs the new sources.' : `The bot did not start: ${bot.problem()}`);
}

function problemOf(error: unknown, port: number): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `port ${port} is in use. Set PLAYGROUND_PORT to another one; the port after it must be free too.`;
  }
  return error instanceof Error ? error.message : String(error);
}
