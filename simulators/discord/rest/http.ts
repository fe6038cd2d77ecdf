import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RestCall } from '../interactions.ts';
import {
  alreadyAcknowledged,
  invalidJson,
  missingAccess,
  notFound,
  Refusal,
  rateLimited,
  serverError,
  tooLarge,
  unauthorized,
  unknownInteraction,
} from '../refusal.ts';
import type { AnswerFault, Knob } from './faults.ts';

const BODY_LIMIT = 10 * 1024 * 1024;

/** A request after its JSON or form has been read. */
export type Call = {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string;
  readonly host: string;
  readonly body: unknown;
};
export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};
export type Handler = (call: Call) => Answer | Promise<Answer>;

const texts = z.record(z.string(), z.string());
const loose = z.record(z.string(), z.unknown());

/** Reads bodies as Discord does: JSON or a form. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const asText = { parseAs: 'string', bodyLimit: BODY_LIMIT } as const;
  app.addContentTypeParser('application/json', asText, async (_request: FastifyRequest, text: string) =>
    readJson(text),
  );
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    asText,
    async (_request: FastifyRequest, text: string) => Object.fromEntries(new URLSearchParams(text)),
  );
  app.setErrorHandler((error, _request, reply) => send(reply, refused(error)));
  app.setNotFoundHandler((_request, reply) => send(reply, refused(notFound())));
}

export function toCall(request: FastifyRequest): Call {
  return {
    method: request.method,
    path: request.url.split('?')[0] ?? '',
    params: texts.parse(request.params),
    query: Object.fromEntries(Object.entries(loose.parse(request.query)).map(([key, value]) => [key, String(value)])),
    authorization: request.headers.authorization ?? '',
    host: request.headers.host ?? '',
    body: request.body,
  };
}

export function send(reply: FastifyReply, { status, body, headers = {} }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  return body === undefined ? reply.send() : reply.send(body);
}

export function refused(error: unknown): Answer {
  if (error instanceof Refusal) return { status: error.status, body: error.body(), headers: error.headers };
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refused(tooLarge());
  if (typeof code === 'string' && code.startsWith('FST_ERR_CTP')) return refused(invalidJson());
  // Nothing the bot did: a mistake of the loopback itself, so it says what went wrong.
  return { status: 500, body: { ...serverError().body(), loopback: String(error) } };
}

/** Answers with a handler, or with the fault that is set for its route; tells `heard` about every exchange. */
export function exchange(options: {
  readonly handler: Handler;
  readonly fault?: Knob<AnswerFault>;
  readonly now: () => number;
  readonly heard?: (call: Call, seen: RestCall) => void;
  /** Takes the socket of a request that is left hanging, to be ended when the server closes. */
  readonly hold?: (socket: Socket) => void;
}) {
  const { handler, fault, now, heard, hold } = options;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const call = toCall(request);
    const mode = fault?.take() ?? 'ok';
    const answer = instead(mode) ?? (await answerOf(handler, call));
    const isSilent = mode === 'hang' || mode === 'reset' || mode === 'lost';
    heard?.(call, {
      at: now(),
      method: call.method,
      path: call.path,
      body: call.body,
      status: isSilent ? undefined : answer.status,
      answer: answer.body,
      fault: mode === 'ok' ? undefined : mode,
    });
    if (mode === 'hang') hold?.(request.raw.socket);
    if (isSilent || mode === 'cut body') return breakOff(mode, request, reply);
    return send(reply, answer);
  };
}

async function answerOf(handler: Handler, call: Call): Promise<Answer> {
  try {
    return await handler(call);
  } catch (error) {
    return refused(error);
  }
}

// The answer that replaces the real one; nothing is carried out.
function instead(mode: AnswerFault): Answer | undefined {
  switch (mode) {
    case 'ok':
    case 'lost':
    case 'cut body':
      return undefined;
    case 'hang':
    case 'reset':
      return { status: 0 };
    case '500':
      return refused(serverError());
    case '429':
      return refused(rateLimited(500, 'shared'));
    case '401':
      return refused(unauthorized());
    case '403':
      return refused(missingAccess());
    case '10062':
      return refused(unknownInteraction());
    case '40060':
      return refused(alreadyAcknowledged());
  }
}

function breakOff(mode: AnswerFault, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  if (mode === 'reset' || mode === 'lost') request.raw.socket.resetAndDestroy();
  if (mode === 'cut body') {
    reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    reply.raw.write('{"id": "1', () => request.raw.socket.destroy());
  }
  return reply;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidJson();
  }
}
