import type { Message, Messages } from '../messages.ts';
import { grants, type Place, permissions } from '../model.ts';
import { closedInbox, missingAccess, missingPermissions, unknownMessage } from '../refusal.ts';
import type { Wire } from '../wire.ts';
import { appPermissions, type World } from '../world.ts';
import type { Answer, Call } from './http.ts';

/** What the bot does with its own token in channels: `/channels/:channel/messages`. */
export function createChannelRoutes(options: {
  readonly messages: Messages;
  readonly wire: Wire;
  readonly world: World;
}) {
  const { messages, wire, world } = options;

  function readable({ channel = '' }: Call['params']): Place {
    const place = world.place(channel);
    if (!grants(appPermissions(place), permissions.viewChannel)) throw missingAccess();
    return place;
  }

  function writable(params: Call['params']): Place {
    const place = readable(params);
    if (!grants(appPermissions(place), permissions.sendMessages)) throw missingPermissions();
    if (place.kind === 'dm' && place.person.acceptsDms === false) throw closedInbox();
    return place;
  }

  // To these routes an ephemeral message does not exist, not even for the bot that wrote it.
  function target(call: Call): Message {
    const { channelId } = readable(call.params);
    const message = messages.get(call.params.message ?? '');
    if (message.channelId !== channelId || message.onlyFor !== undefined) throw unknownMessage();
    return message;
  }

  return {
    create(call: Call): Answer {
      const { channelId } = writable(call.params);
      const made = messages.create({ channelId }, { body: call.body, under: [] });
      return { status: 200, body: wire.message(made) };
    },
    edit(call: Call): Answer {
      const { id } = target(call);
      return { status: 200, body: wire.message(messages.edit(id, { body: call.body, under: [] })) };
    },
  };
}
