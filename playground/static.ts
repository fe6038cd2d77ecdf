import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

const page = fileURLToPath(new URL('page/', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));

/** The packages whose modules the page loads; nothing else of node_modules is served. */
const vendored = [
  ...['@skyra/discord-components-core', 'lit', 'lit-html', 'lit-element'],
  ...['@lit/reactive-element', '@lit/context'],
];

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const rest = z.object({ '*': z.string().regex(/^[\w@.-]+(\/[\w@.-]+)*$/) });

/** The page at `/`, its parts below `/page/`, and the modules it is made of below `/vendor/`. */
export function serveStatic(app: FastifyInstance): void {
  app.get('/', (request, reply) => sendFile(join(page, 'index.html'), request, reply));
  app.get('/page/*', async (request, reply) => {
    const name = nameOf(request);
    return name === undefined ? reply.callNotFound() : sendFile(join(page, name), request, reply);
  });
  app.get('/vendor/*', async (request, reply) => {
    const name = nameOf(request);
    const isServed = name?.endsWith('.js') && vendored.some((one) => name.startsWith(`${one}/`));
    return name !== undefined && isServed ? sendFile(join(modules, name), request, reply) : reply.callNotFound();
  });
}

function nameOf(request: FastifyRequest): string | undefined {
  const name = rest.safeParse(request.params).data?.['*'];
  return name?.split('/').includes('..') ? undefined : name;
}

async function sendFile(path: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const type = types[extname(path)];
  const file = await readFile(path, 'utf8').catch(() => undefined);
  if (type === undefined || file === undefined) {
    reply.callNotFound();
    return reply;
  }
  const body = path.endsWith('.ts') ? stripTypeScriptTypes(file) : file;
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  reply.headers({ etag, 'cache-control': 'no-cache', 'content-type': type });
  if (type.startsWith('text/html')) reply.header('content-security-policy', policy(body));
  return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(body);
}

/** Only this origin; the import map stands in the page and is named by its hash. */
function policy(html: string): string {
  const inline = [...html.matchAll(/<script type="importmap">([\s\S]*?)<\/script>/g)].map(([, text = '']) => text);
  const hashes = inline.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(' ')}`,
    // The components write their colours into style attributes.
    "style-src 'self'; style-src-attr 'unsafe-inline'",
    "img-src 'self'; connect-src 'self'; font-src 'none'",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join('; ');
}
