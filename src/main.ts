import { existsSync, readFileSync } from 'node:fs';
import { createApp } from './app.ts';
import { type Config, loadConfig } from './config.ts';
import { StartError } from './discord/start-error.ts';
import { malformedEnvLines } from './env-file.ts';
import { Failure } from './errors.ts';
import { createLog } from './log.ts';
import { createLogStream } from './log-stream.ts';
import { explain } from './messages.ts';

const ENV_FILE = '.env';
/** How long the log's reader has to read what is left; mostly it has read all of it. */
const LAST_WORDS_MS = 500;

/** 0 after a clean stop, 1 when starting failed, 2 for a configuration that cannot be used. */
const exitCodes = { stopped: 0, failed: 1, misconfigured: 2 } as const;

const config = readConfig();
if (config === undefined) process.exit(exitCodes.misconfigured);
await run(config);

function readConfig(): Config | undefined {
  const problems = loadEnvFile();
  const loaded = loadConfig();
  if (loaded.kind === 'invalid')
    problems.push(...loaded.problems.map(({ variable, problem }) => `${variable} ${problem}`));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) console.error(`Not started. See .env.example for every variable of ${ENV_FILE}.`);
  return problems.length === 0 && loaded.kind === 'ok' ? loaded.config : undefined;
}

/** Node drops malformed lines in silence, so they are looked for first. Variables that are set already win. */
function loadEnvFile(): string[] {
  if (!existsSync(ENV_FILE)) return [];
  const malformed = malformedEnvLines(readFileSync(ENV_FILE, 'utf8'));
  process.loadEnvFile(ENV_FILE);
  return malformed.map(({ line, problem }) => `${ENV_FILE}, line ${line}: ${problem}`);
}

async function run(config: Config): Promise<void> {
  const out = createLogStream();
  const log = createLog({ level: config.logLevel, stream: out });
  const app = createApp(config, { log, onFatal: () => void end(exitCodes.failed) });
  let isEnding = false;

  async function end(code: number): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    await app.stop().catch((error: unknown) => log.error({ error }, 'stopping failed'));
    log.info({ code }, 'stopped');
    await out.flush(LAST_WORDS_MS);
    process.exit(code);
  }

  // Nothing that arrives may end the process: what was not foreseen is logged, and the rest goes on.
  process.on('unhandledRejection', (error) => log.error({ error }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => log.error({ error }, 'uncaught exception'));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(exitCodes.stopped));

  log.info({ node: process.version, dataDir: config.dataDir }, 'starting');
  try {
    const { applicationId, webUrl } = await app.start();
    log.info({ applicationId, webUrl }, 'ready');
  } catch (error) {
    if (isEnding) return;
    const problem = startProblem(error);
    log.fatal(problem === undefined ? { error } : {}, `not started: ${problem ?? 'something unforeseen'}`);
    await end(exitCodes.failed);
  }
}

/** What an operator can mend, in words; undefined for anything else, which needs its stack. */
function startProblem(error: unknown): string | undefined {
  if (error instanceof StartError) return error.message;
  if (!(error instanceof Failure)) return undefined;
  const { what, next } = explain(error.data);
  return `${what}. ${next}`;
}
