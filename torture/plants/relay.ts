import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BotSetup, VenueName } from '../bot-messages.ts';

export type Asked = {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};
export type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };
type Forward = () => Promise<Reply>;

type VenueUrl = BotSetup['venueUrls'][VenueName];

/** Puts a relay before a venue, or before its requests where it has sockets too. @returns the base to use instead. */
export async function overRelay(url: VenueUrl, open: (upstream: string) => Promise<string>): Promise<VenueUrl> {
  return typeof url === 'string' ? open(url) : { ...url, rest: await open(url.rest) };
}

/**
 * A loopback HTTP relay inside the bot's process, for bugs that show on the wire.
 *
 * @param upstream - The base URL that it stands for.
 * @param serve - Decides what is answered and how often it is forwarded; a rejection cuts the connection.
 * @returns the base URL to use instead.
 */
export async function openRelay(
  upstream: string,
  serve: (asked: Asked, forward: Forward) => Promise<Reply>,
): Promise<string> {
  const base = new URL(upstream);
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
    const asked = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
    try {
      const { status, headers: given, body } = await serve(asked, () => forward(base.origin, asked));
      const { 'content-length': _length, 'transfer-encoding': _encoding, connection: _connection, ...kept } = given;
      outgoing.writeHead(status, kept).end(status === 204 ? undefined : body);
    } catch {
      incoming.socket.destroy();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  return `http://127.0.0.1:${portOf(server.address())}${base.pathname === '/' ? '' : base.pathname}`;
}

function forward(origin: string, { method, path, headers, body }: Asked): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const host = new URL(origin).host;
  const { connection: _connection, 'content-length': _length, ...kept } = headers;
  const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
  const sent = request(
    `${origin}${path}`,
    { method, agent: false, headers: { ...kept, host, ...length } },
    (answer) => {
      const chunks: Uint8Array[] = [];
      answer.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
      );
    },
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
