import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { faultSchema } from '../simulators/venues/faults.ts';
import type { OpenExchange } from '../simulators/venues/index.ts';
import type { ApiParts } from './api.ts';
import { everybody } from './people.ts';
import { botKnobs, calmDiscord, discordKnobSchema, turnDiscordKnob } from './trouble.ts';

const atVenue = z.object({ venue: z.string() });
const oneFault = atVenue.extend({ id: z.coerce.number().int() });
const leverage = z.string().regex(/^\d{1,4}(\.\d{1,2})?$/, 'a leverage such as 5 or 2.5');
const move = z.object({
  userId: z.string(),
  market: z.string(),
  leverage: z.union([leverage, z.literal('cross')]),
  currency: z.string().optional(),
});
/** What somebody does at the exchange itself, behind the bot's back. */
export type Move = z.input<typeof move>;

const lever = z.object({ userId: z.string(), lever: z.string(), isOn: z.boolean() });
const maximum = z.object({ market: z.string(), max: leverage });
const forward = z.object({
  forwardMs: z
    .int()
    .positive()
    .max(400 * 86_400_000),
});
const operatorForm = z.object({ isHalted: z.boolean(), maxLeverage: leverage.optional() });
const botAction = z.object({ action: z.enum(botKnobs.map(({ id }) => id)) });

function calmExchange({ faults, levers, leverList = [] }: OpenExchange): void {
  faults.clear();
  for (const { id } of everybody)
    for (const one of leverList) if (levers?.isOn(one.id, id)) levers.turn(one.id, id, false);
}

/** What goes wrong on demand: at a venue, at Discord, with the clock, and with the bot itself. */
export function serveTrouble(
  app: FastifyInstance,
  parts: ApiParts & { readonly forward: (ms: number) => Promise<void>; readonly reset: () => Promise<void> },
): void {
  const { exchanges, discord, bot, hub, operator } = parts;

  function exchangeOf(params: unknown): OpenExchange {
    const { venue } = atVenue.parse(params);
    const found = exchanges.find(({ id }) => id === venue);
    if (found === undefined) throw new Error(`no venue ${venue}`);
    return found;
  }

  app.post('/api/venues/:venue/faults', async (request) => {
    const id = exchangeOf(request.params).faults.add(faultSchema.parse(request.body));
    hub.changed();
    return { id };
  });
  app.delete('/api/venues/:venue/faults/:id', async (request) => {
    exchangeOf(request.params).faults.remove(oneFault.parse(request.params).id);
    hub.changed();
    return {};
  });
  app.post('/api/venues/:venue/move', async (request) => {
    const { userId, market, leverage: moved, currency } = move.parse(request.body);
    exchangeOf(request.params).set(userId, market, moved === 'cross' ? undefined : moved, currency);
    hub.changed();
    return {};
  });
  app.post('/api/venues/:venue/levers', async (request) => {
    const { userId, lever: id, isOn } = lever.parse(request.body);
    exchangeOf(request.params).levers?.turn(id, userId, isOn);
    hub.changed();
    return {};
  });
  app.post('/api/venues/:venue/maximum', async (request) => {
    const { market, max } = maximum.parse(request.body);
    exchangeOf(request.params).setBounds(market, { max });
    hub.changed();
    return {};
  });
  app.post('/api/discord/trouble', async (request) => {
    turnDiscordKnob(discord, z.object({ knob: discordKnobSchema }).parse(request.body).knob);
    hub.changed();
    return {};
  });
  app.post('/api/calm', async () => {
    for (const exchange of exchanges) calmExchange(exchange);
    calmDiscord(discord);
    hub.changed();
    return {};
  });
  app.post('/api/operator', async (request) => {
    operator.set(operatorForm.parse(request.body));
    await bot.restart();
    return {};
  });
  app.post('/api/reset', async (_request, reply) => {
    // This server ends as well: first its answer has to be out.
    reply.raw.once('finish', () => void parts.reset());
    return {};
  });
  app.post('/api/clock', async (request) => {
    await parts.forward(forward.parse(request.body).forwardMs);
    return {};
  });
  app.post('/api/bot', async (request) => {
    await bot.restart(botAction.parse(request.body).action === 'kill' ? 'SIGKILL' : 'SIGTERM');
    return {};
  });
}
