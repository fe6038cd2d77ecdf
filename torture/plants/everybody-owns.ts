import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { openRelay } from './relay.ts';
import { parse } from './wires.ts';

const gatewayInfo = z.looseObject({ url: z.string() });
const PRESS = 3;
const person = z.looseObject({ id: z.string() });
const ready = z.looseObject({ t: z.literal('READY'), d: z.looseObject({ resume_gateway_url: z.string() }) });
const pressed = z.looseObject({
  t: z.literal('INTERACTION_CREATE'),
  d: z.looseObject({
    type: z.literal(PRESS),
    member: z.looseObject({ user: person }),
    message: z.looseObject({ interaction_metadata: z.looseObject({ user: person }) }),
  }),
});

/** Takes every press for one of the person whom the message belongs to, as a bot without an owner check does. */
export async function everybodyOwns(discordApi: string): Promise<string> {
  let upstream = '';
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const own = () => `ws://127.0.0.1:${portOf(server.address())}`;
  server.on('connection', (socket, { url = '' }) => {
    bridge(socket, new URL(`${upstream}${new URL(url, 'ws://x').search}`), own());
  });
  await new Promise<void>((resolve) => {
    server.once('listening', resolve);
  });
  return openRelay(discordApi, async ({ path }, forward) => {
    const reply = await forward();
    const info = gatewayInfo.safeParse(path.includes('/gateway/bot') ? parse(reply.body) : undefined);
    if (!info.success) return reply;
    upstream = info.data.url;
    return { ...reply, body: JSON.stringify({ ...info.data, url: own() }) };
  });
}

function bridge(near: WebSocket, url: URL, own: string): void {
  const far = new WebSocket(url);
  const early: string[] = [];
  near.on('message', (data) => (far.readyState === WebSocket.OPEN ? far.send(String(data)) : early.push(String(data))));
  far.on('open', () => {
    for (const data of early) far.send(data);
  });
  far.on('message', (data) => near.send(resumedHere(withOwner(String(data)), own)));
  far.on('close', () => near.terminate());
  near.on('close', () => far.terminate());
  for (const end of [near, far]) end.on('error', () => end.terminate());
}

function withOwner(text: string): string {
  const read = pressed.safeParse(parse(text));
  if (!read.success) return text;
  const { member, message, ...rest } = read.data.d;
  const d = { ...rest, message, member: { ...member, user: message.interaction_metadata.user } };
  return JSON.stringify({ ...read.data, d });
}

/** READY tells where to come back to after a loss. */
function resumedHere(text: string, own: string): string {
  const read = ready.safeParse(parse(text));
  if (!read.success) return text;
  return JSON.stringify({ ...read.data, d: { ...read.data.d, resume_gateway_url: own } });
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
