import { z } from 'zod';
import type { Message, Messages } from '../messages.ts';
import { grants, type Place, permissions } from '../model.ts';
import { closedInbox, missingAccess, missingPermissions, readForm, unknownMessage } from '../refusal.ts';
import { type Wire, wireChannel } from '../wire.ts';
import { appPermissions, type World } from '../world.ts';
import type { Answer, Call } from './http.ts';

/** What the bot does with its own token in channels: `/channels/:channel/messages` and `/users/@me/channels`. */
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
    readChannel: (call: Call): Answer => ({ status: 200, body: wireChannel(readable(call.params)) }),
    create(call: Call): Answer {
      const { channelId } = writable(call.params);
      const made = messages.create({ channelId }, { body: call.body, files: call.files, under: [] });
      return { status: 200, body: wire.message(made) };
    },
    list(call: Call): Answer {
      const { channelId } = readable(call.params);
      const limit = readForm(z.coerce.number().int().min(1).max(100), call.query.limit ?? '50', ['limit']);
      const open = messages.all().filter((message) => message.channelId === channelId && message.onlyFor === undefined);
      return { status: 200, body: open.slice(-limit).reverse().map(wire.message) };
    },
    read: (call: Call): Answer => ({ status: 200, body: wire.message(target(call)) }),
    edit(call: Call): Answer {
      const { id } = target(call);
      return { status: 200, body: wire.message(messages.edit(id, { body: call.body, files: call.files, under: [] })) };
    },
    remove(call: Call): Answer {
      messages.remove(target(call).id);
      return { status: 204 };
    },
    openInbox(call: Call): Answer {
      const { recipient_id } = readForm(z.object({ recipient_id: z.string() }), call.body);
      return { status: 200, body: wireChannel(world.place(world.inboxOf(recipient_id))) };
    },
  };
}
