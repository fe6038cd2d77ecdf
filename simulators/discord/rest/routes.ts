import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Interactions, RestCall } from '../interactions.ts';
import { rateLimited, serverError, unauthorized } from '../refusal.ts';
import type { OAuth } from '../sign-in/oauth.ts';
import { type JsonObject, type Wire, wireUser } from '../wire.ts';
import type { createCallback } from './callback.ts';
import type { createChannelRoutes } from './channel.ts';
import type { Commands } from './commands.ts';
import type { HttpFaults, Knob, StartFault } from './faults.ts';
import { type Answer, type Call, exchange, type Handler, refused } from './http.ts';
import type { createRateLimit } from './rate-limit.ts';
import type { createWebhook } from './webhook.ts';

export type RouteParts = {
  readonly now: () => number;
  readonly applicationId: string;
  readonly botToken: string;
  readonly faults: HttpFaults;
  readonly globalLimit: ReturnType<typeof createRateLimit>;
  readonly callback: ReturnType<typeof createCallback>;
  readonly webhook: ReturnType<typeof createWebhook>;
  readonly channel: ReturnType<typeof createChannelRoutes>;
  readonly commands: Commands;
  readonly interactions: Interactions;
  readonly oauth: OAuth;
  readonly wire: Wire;
  readonly gatewayInfo: () => JsonObject;
  readonly hold: (socket: Socket) => void;
};

/** Every REST route of the loopback; registered once under `/api/v10` and once under `/api`. */
export function serveRest(app: FastifyInstance, parts: RouteParts): void {
  const { now, hold, faults, callback, webhook, channel, commands, interactions, oauth } = parts;
  const bot = (handler: Handler): Handler => withBotToken(parts, handler);
  const plain = (handler: Handler) => exchange({ now, handler });
  const heard = (call: Call, seen: RestCall) => record(interactions, call, seen);

  const respond: Handler = ({ params: { id = '', token = '' }, body, query }) =>
    callback(id, token, body, query.with_response === 'true');
  app.post(
    '/interactions/:id/:token/callback',
    exchange({ now, hold, heard, handler: respond, fault: faults.callback }),
  );

  const message = '/webhooks/:app/:token/messages/:message';
  app.post('/webhooks/:app/:token', exchange({ now, hold, heard, handler: webhook.followUp, fault: faults.followUp }));
  app.patch(message, exchange({ now, hold, heard, handler: webhook.edit, fault: faults.edit }));
  app.delete(message, exchange({ now, hold, heard, handler: webhook.remove, fault: faults.edit }));

  const write = (handler: Handler) => exchange({ now, hold, handler: bot(handler), fault: faults.channelMessage });
  app.post('/channels/:channel/messages', write(channel.create));
  app.patch('/channels/:channel/messages/:message', write(channel.edit));

  app.get('/applications/:app/commands', plain(bot(commands.list)));
  app.put(
    '/applications/:app/commands',
    exchange({ now, hold, handler: bot(commands.overwrite), fault: faults.commands }),
  );

  app.get('/applications/@me', plain(bot(() => atStart(faults.application, () => describeApplication(parts)))));
  app.get('/gateway/bot', plain(bot(() => atStart(faults.gatewayBot, parts.gatewayInfo))));
  app.get('/users/@me', plain(me));
  app.post('/oauth2/token', plain(oauth.token));

  function me({ authorization }: Call): Answer {
    return { status: 200, body: wireUser(oauth.bearer(authorization)) };
  }
}

function withBotToken({ botToken, globalLimit }: RouteParts, handler: Handler): Handler {
  return (call) => {
    if (call.authorization !== `Bot ${botToken}`) throw unauthorized();
    globalLimit.take();
    return handler(call);
  };
}

function record(interactions: Interactions, { params }: Call, seen: RestCall): void {
  const { id = '', token = '' } = params;
  const found = interactions.byToken(token) ?? interactions.find(id);
  if (found === undefined) return;
  interactions.amend(found.id, { calls: [...found.calls, { ...seen, path: seen.path.replace(token, '…') }] });
}

/** What a bot asks for before it connects. */
function atStart(knob: Knob<StartFault>, honest: () => JsonObject): Answer {
  switch (knob.take()) {
    case '503':
      return { ...refused(serverError()), status: 503 };
    case '401':
      return refused(unauthorized());
    case '429':
      return refused(rateLimited(500, 'user'));
    default:
      return { status: 200, body: honest() };
  }
}

function describeApplication({ applicationId, wire }: RouteParts): JsonObject {
  const bot = wire.bot();
  return {
    id: applicationId,
    name: bot.username,
    description: '',
    icon: null,
    flags: 0,
    bot,
    bot_public: false,
    bot_require_code_grant: false,
    interactions_endpoint_url: null,
    approximate_guild_count: 1,
    verify_key: '0'.repeat(64),
  };
}
