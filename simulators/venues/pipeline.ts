import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { type Call, readCall, type VenueCore } from './call.ts';
import { createFaultQueue, type FaultQueue } from './fault-queue.ts';
import type { Fault } from './faults.ts';
import { type Answer, reset, sendCut, sendHuge, sendSlowBody, sendSlowHeaders } from './raw-replies.ts';
import { createRequestLog, type RequestEntry, type RequestLog } from './request-log.ts';

/** What every simulator offers besides its own state. */
export type Pipeline = {
  /** Mount it with `app.register(plugin, { prefix: '/mudrex' })`. */
  readonly plugin: FastifyPluginAsync;
  readonly faults: FaultQueue;
  /** The last 1000 requests, oldest first. */
  readonly requests: readonly RequestEntry[];
  /** Requests to change something that arrived, carried out or not, of one account or of all. */
  readonly writesReceived: (account?: string) => number;
  /** Breaks every connection a fault keeps waiting; closing the server does this too. */
  releaseHangs(): void;
};

/** What all ways into one exchange share. */
export type Traffic = { readonly faults: FaultQueue; readonly log: RequestLog };

export function createTraffic(secrets: VenueCore['secrets']): Traffic {
  return { faults: createFaultQueue(), log: createRequestLog(secrets) };
}

const htmlPage = (status: number): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html><html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`,
});

/** Connections that wait on purpose, so that they can be broken when the server closes. */
function createWaitingRoom() {
  const held = new Set<ServerResponse>();
  let leaving = new AbortController();
  return {
    hold(response: ServerResponse) {
      held.add(response);
      response.once('close', () => held.delete(response));
    },
    signal: () => leaving.signal,
    release() {
      leaving.abort();
      leaving = new AbortController();
      for (const response of held) response.socket?.destroy();
    },
  };
}

type Strike = {
  now(): number;
  readonly call: Call;
  readonly core: VenueCore;
  readonly room: ReturnType<typeof createWaitingRoom>;
  send(answer: Answer): void;
  /** Takes the bare response away from Fastify; the status counts as sent. */
  raw(status?: number): ServerResponse;
};

/** Faults that replace the answer. */
function answerInstead(fault: Fault, { call, core }: Strike): Answer | undefined {
  switch (fault.name) {
    case 'rate-limited': {
      const answer = core.rateLimited(call, fault.retryAfterSeconds);
      if (fault.retryAfterSeconds === undefined) return answer;
      return { ...answer, headers: { ...answer.headers, 'retry-after': String(fault.retryAfterSeconds) } };
    }
    case 'server-error':
      if (fault.applied) core.answer(call, 'normal');
      return fault.page === 'html' ? htmlPage(fault.status) : core.serverError(call, fault.status);
    case 'redirect':
      return { status: fault.status, headers: { location: fault.to }, body: '' };
    case 'refused':
      if (fault.applied) core.answer(call, 'normal');
      return core.refusal(call, fault);
    case 'no-effect':
      return core.answer(call, 'no-effect');
    case 'lagging-read-back':
      return core.answer(call, 'old value');
    case 'flaky-read-back':
      return fault.shows === 'error' ? core.serverError(call, 503) : core.answer(call, 'old value');
    default:
      return undefined;
  }
}

const json = { 'content-type': 'application/json' };

/** Faults that spoil a body: the call was carried out, unless the fault says otherwise. */
function spoiltAnswer(fault: Fault, answer: Answer): Answer | undefined {
  switch (fault.name) {
    case 'broken-json':
      return { ...answer, status: 200, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) };
    case 'wrong-shape':
      return { status: 200, headers: json, body: JSON.stringify(fault.body ?? { ok: true }) };
    case 'empty':
      return { status: 200, headers: json, body: '' };
    case 'no-content':
      return { status: 204, body: '' };
    default:
      return undefined;
  }
}

function withoutAnswer(fault: Fault, { call, core, room, raw }: Strike): boolean {
  switch (fault.name) {
    case 'apply-then-hang':
      core.answer(call, 'normal');
      room.hold(raw());
      return true;
    case 'hang':
      room.hold(raw());
      return true;
    case 'apply-then-reset':
      core.answer(call, 'normal');
      reset(raw());
      return true;
    case 'reset':
      reset(raw());
      return true;
    default:
      return false;
  }
}

async function spoil(fault: Fault, answer: Answer, { room, raw, send }: Strike): Promise<void> {
  const spoilt = spoiltAnswer(fault, answer);
  if (spoilt) return send(spoilt);
  const response = raw(answer.status);
  room.hold(response);
  const signal = room.signal();
  switch (fault.name) {
    case 'cut-body':
      return sendCut(response, answer);
    case 'huge-body':
      return sendHuge(response, answer, fault.bytes);
    case 'slow-headers':
      return sendSlowHeaders(response, answer, { ms: fault.ms, everyMs: fault.everyMs, signal });
    case 'slow-body':
      return sendSlowBody(response, answer, { everyMs: fault.everyMs, signal });
    default:
      throw new Error(`The fault ${fault.name} has no effect`);
  }
}

const neverRan: Answer = { status: 200, headers: json, body: '{"note":"the call was not carried out"}' };

async function strike(fault: Fault, scene: Strike): Promise<void> {
  const { call, core, room, send, now } = scene;
  if (fault.name === 'delay') {
    // The call lands even when the client has gone: silence is not proof that nothing happened.
    await wait(fault.ms, undefined, { signal: room.signal() });
    return send(core.answer({ ...call, at: now() }, 'normal'));
  }
  if (withoutAnswer(fault, scene)) return;
  const instead = answerInstead(fault, scene);
  if (instead) return send(instead);
  const runs = !('applied' in fault) || fault.applied;
  await spoil(fault, runs ? core.answer(call, 'normal') : neverRan, scene);
}

/** Carries every call through the log, the armed faults and the venue. */
export function createPipeline(
  now: () => number,
  core: VenueCore,
  { faults, log }: Traffic = createTraffic(core.secrets),
): Pipeline {
  const room = createWaitingRoom();

  const serve = async (call: Call, reply: FastifyReply): Promise<void> => {
    const facts = { ...core.facts(call), path: call.path, at: call.at };
    const fault = faults.take(facts);
    const entry = log.open(call, { kind: facts.kind, account: facts.account, fault: fault?.name });
    reply.raw.once('close', () => entry.ended(now(), reply.raw.writableFinished));
    const send = ({ status, headers, body }: Answer) => {
      entry.answered(status);
      void reply
        .code(status)
        .headers({ ...headers })
        .send(body === '' ? undefined : body);
    };
    const raw = (status?: number) => {
      if (status !== undefined) entry.answered(status);
      reply.hijack();
      return reply.raw;
    };
    const served = fault ? strike(fault, { now, call, core, room, send, raw }) : send(core.answer(call, 'normal'));
    if (facts.kind === 'write' && facts.account !== undefined) faults.noteWrite(facts.account, call.at);
    await served;
  };

  const plugin: FastifyPluginAsync = async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    app.addHook('preClose', async () => room.release());
    app.all('/*', async (request, reply) => {
      const call = readCall(request, { prefix: app.prefix, at: now() });
      try {
        await serve(call, reply);
      } catch (error) {
        if (!(error instanceof Error && error.name === 'AbortError')) throw error;
        reply.hijack();
        reply.raw.socket?.destroy();
      }
      return reply;
    });
  };

  return { plugin, faults, requests: log.entries, writesReceived: log.writesReceived, releaseHangs: room.release };
}
