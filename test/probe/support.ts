import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import { onTestFinished } from 'vitest';
import type { DemoPeople } from '../../simulators/venues/exchange.ts';
import { mountExchanges, type OpenExchange, openExchanges, simulatedVenues } from '../../simulators/venues/index.ts';
import type { VenueId } from '../../src/venues/index.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const entry = fileURLToPath(new URL('../../probe/main.ts', import.meta.url));
const people: DemoPeople = { alice: 'alice', bob: 'bob', carol: 'carol' };

/** The exchanges of a playground, in which Alice has a position, orders and settings. */
export async function openPlayground(...wanted: readonly VenueId[]) {
  const exchanges = openExchanges((venue) => venue.openDemo({ now: Date.now, people }), wanted);
  const app = Fastify({ forceCloseConnections: true });
  const replies: unknown[] = [];
  app.addHook('onSend', async (_request, _reply, payload) => {
    if (typeof payload === 'string') replies.push(JSON.parse(payload));
  });
  await mountExchanges(app, exchanges);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const [exchange] = exchanges;
  if (exchange === undefined) throw new Error('no exchange');
  return { origin, exchange, replies };
}

/** What is typed for a key: one line for each of its parts. */
export function linesOf(id: VenueId, name = 'alice'): readonly string[] {
  return Object.values(simulatedVenues[id].keyOf(name));
}

type Run = {
  readonly typed: readonly string[];
  readonly directory?: string;
  /** Sends it the signal of Ctrl+C once it has said this. */
  readonly interruptAt?: string;
};

/** Runs the command as an operator would, but with a pipe for a keyboard. */
export async function runProbe(
  parameters: readonly string[],
  { typed, directory = temporaryDirectory(), interruptAt }: Run,
) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...parameters], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '' },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()));
  child.stdout.on('data', () => {
    if (interruptAt !== undefined && said.join('').includes(interruptAt)) child.kill('SIGINT');
  });
  child.stdin.on('error', () => {});
  child.stdin.end(typed.map((line) => `${line}\n`).join(''));
  const [code] = await once(child, 'close');
  return { code, said: said.join(''), directory, at: (name: string) => join(directory, name) };
}

/** Requests that could have changed something, whether or not they did. */
export function writesAt({ requests }: OpenExchange): number {
  return requests.filter(({ kind }) => kind === 'write').length;
}

/** Long enough to be told from an ordinary word, and not a sentence about what went wrong. */
export function valuesIn(json: unknown): readonly string[] {
  if (typeof json === 'number' || typeof json === 'string') return String(json).length >= 5 ? [String(json)] : [];
  if (json === null || typeof json !== 'object') return [];
  const wordy = ['error', 'errors', 'text', 'message'];
  return Object.entries(json).flatMap(([name, value]) => (wordy.includes(name) ? [] : valuesIn(value)));
}
