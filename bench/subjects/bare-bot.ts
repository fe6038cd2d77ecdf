import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { restUrlAt, simulatedVenues } from '../../simulators/venues/index.ts';
import { readSettings, serveParent } from '../processes.ts';
import { applicationId, botToken, type Trader, trader } from '../world/people.ts';
import { change, interaction, readAll } from './bare-flow.ts';
import { card, receipt, working } from './bare-messages.ts';
import { leverageCommand } from './leverage-command.ts';

// A program: the floor of a whole change. It exchanges the bot's messages on `ws` and undici, and knows nothing that
// can go wrong: no library of Discord's, no store, no encryption, no checks.
const settings = readSettings(z.object({ discordApi: z.string(), venuesOrigin: z.string(), traders: z.number() }));
const api = `${settings.discordApi}/v10`;
const urlFor = ({ venue }: Trader) => restUrlAt(settings.venuesOrigin, simulatedVenues[venue]);
const traders = new Map(Array.from({ length: settings.traders }, (_, index) => [trader(index).id, trader(index)]));
const wishes = new Map<string, { readonly who: Trader; readonly leverage: string }>();

async function send(method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
  const { body: answer } = await request(`${api}${path}`, {
    method,
    headers: { authorization: `Bot ${botToken}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  return text === '' ? undefined : JSON.parse(text);
}

type Interaction = z.output<typeof interaction>;
const acknowledge = ({ id, token }: Interaction, body: unknown) =>
  send('POST', `/interactions/${id}/${token}/callback`, body);
const edit = ({ token }: Interaction, body: unknown) =>
  send('PATCH', `/webhooks/${applicationId}/${token}/messages/%40original`, body);

async function onCommand(event: Interaction): Promise<void> {
  await acknowledge(event, { type: 5, data: { flags: 64 } });
  const who = traders.get(event.member.user.id);
  const options = event.data.options[0]?.options ?? [];
  const leverage = options.find(({ name }) => name === 'leverage')?.value;
  if (who === undefined || leverage === undefined) return;
  await readAll(who, urlFor(who));
  const id = randomBytes(16).toString('base64url');
  wishes.set(id, { who, leverage });
  await edit(event, card(who.market, leverage, id));
}

async function onPress(event: Interaction): Promise<void> {
  await acknowledge(event, { type: 6 });
  const wish = wishes.get(event.data.custom_id);
  if (wish === undefined) return;
  const { who, leverage } = wish;
  const shown = edit(event, working(who.market));
  await change(who, urlFor(who), Number(leverage));
  await shown;
  await edit(event, receipt(who.market, leverage));
}

const packet = z.object({ op: z.number(), t: z.string().nullable(), s: z.number().nullable() });
const hello = z.object({ d: z.object({ heartbeat_interval: z.number() }) });

async function connect(): Promise<void> {
  const { url } = z.object({ url: z.string() }).parse(await send('GET', '/gateway/bot'));
  const socket = new WebSocket(`${url}?v=10&encoding=json`);
  const ready = Promise.withResolvers<void>();
  let sequence: number | null = null;
  socket.on('message', (raw) => {
    const message: unknown = JSON.parse(raw.toString());
    const { op, t, s } = packet.parse(message);
    sequence = s ?? sequence;
    if (op === 10) {
      const beat = () => socket.send(JSON.stringify({ op: 1, d: sequence }));
      setInterval(beat, hello.parse(message).d.heartbeat_interval);
      const properties = { os: 'linux', browser: 'bench', device: 'bench' };
      socket.send(JSON.stringify({ op: 2, d: { token: botToken, intents: 0, properties } }));
    }
    if (t === 'READY') ready.resolve();
    if (t !== 'INTERACTION_CREATE') return;
    const event = z.object({ d: interaction }).parse(message).d;
    void (event.type === 2 ? onCommand(event) : onPress(event));
  });
  await ready.promise;
}

await connect();
await send('PUT', `/applications/${applicationId}/commands`, [leverageCommand]);
serveParent({ readyMs: () => performance.now() });
