import type { FastifyReply } from 'fastify';
import type { Hub } from './hub.ts';

const GATHER_MS = 30;
const PING_MS = 15_000;

/**
 * Keeps an event stream open that carries a fresh snapshot after every change; changes that come together go together.
 */
export function streamSnapshots(reply: FastifyReply, hub: Hub, snapshot: () => unknown): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
  let last = '';
  let gathering: NodeJS.Timeout | undefined;
  const send = () => {
    gathering = undefined;
    const text = JSON.stringify(snapshot());
    if (text !== last) raw.write(`data: ${text}\n\n`);
    last = text;
  };
  const silence = hub.listen(() => {
    gathering ??= setTimeout(send, GATHER_MS);
  });
  const pulse = setInterval(() => raw.write(': still here\n\n'), PING_MS);
  raw.on('close', () => {
    silence();
    clearTimeout(gathering);
    clearInterval(pulse);
  });
  send();
}
