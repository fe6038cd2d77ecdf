import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Fastify, { type FastifyInstance } from 'fastify';
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
  const values = watchValues(app);
  await mountExchanges(app, exchanges);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const [exchange] = exchanges;
  if (exchange === undefined) throw new Error('no exchange');
  return { origin, exchange, values };
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
export function writesAt({ requests }: Pick<OpenExchange, 'requests'>): number {
  return requests.filter(({ kind }) => kind === 'write').length;
}

/** Every value that goes out, over HTTP or a socket, long enough to be told from an ordinary word. */
function watchValues(app: FastifyInstance): () => readonly string[] {
  const said: string[] = [];
  app.addHook('onSend', async (_request, _reply, payload) => void said.push(String(payload)));
  app.server.on('upgrade', (_request, raw) => {
    const write = raw.write.bind(raw);
    // What a server sends is not masked: its text stands in the bytes as it is.
    const listen = (...parts: Parameters<typeof write>) => {
      said.push(String(parts[0]));
      return write(...parts);
    };
    Object.assign(raw, { write: listen });
  });
  return () => [...new Set(said.flatMap(valuesIn))];
}

/** Texts and numbers of JSON, but names of fields and the sentences of errors. */
function valuesIn(json: string): readonly string[] {
  const texts = [...json.matchAll(/(?:"(error|text|message)":\[?)?"((?:[^"\\]|\\.)*)"(\s*:)?/g)]
    .filter(([, isError, , isName]) => isError === undefined && isName === undefined)
    .map(([, , text = '']) => text);
  const numbers = [...json.matchAll(/(?<=[:[,])-?[0-9][0-9.]*/g)].map(([number]) => number);
  return [...texts, ...numbers].filter(({ length }) => length >= 5);
}
