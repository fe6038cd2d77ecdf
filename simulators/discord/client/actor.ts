import type { ChoiceForm } from '../forms/command-form.ts';
import { buttonsOf } from '../forms/component-form.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Interaction, Interactions } from '../interactions.ts';
import type { Message, Messages } from '../messages.ts';
import { callbackTypes, grants, interactionTypes, type Place } from '../model.ts';
import type { Commands, RegisteredCommand } from '../rest/commands.ts';
import type { OAuth } from '../sign-in/oauth.ts';
import type { JsonObject, Wire } from '../wire.ts';
import type { World } from '../world.ts';
import { ClientRefusal } from './client-refusal.ts';
import { fillAutocomplete, fillCommand, type OptionValues, type Typed } from './command-input.ts';
import { describeInteraction } from './event.ts';

export type Started = { readonly interactionId: string };
export type Suggestions =
  | { readonly kind: 'choices'; readonly choices: readonly ChoiceForm[] }
  /** What the client calls "Loading options failed": no answer within three seconds. */
  | { readonly kind: 'failed' };

/** What one person can do in the Discord client. Throws ClientRefusal for what the client would not send. */
export type Actor = {
  /** The channel of this person's direct messages with the bot. */
  readonly inbox: string;
  /** Types a command; `name` is the full one, such as `leverage set`. */
  readonly command: (channelId: string, name: string, options?: OptionValues) => Started;
  /** Types into one option: what is in `options` so far, and which of them has the cursor. */
  readonly autocomplete: (channelId: string, name: string, typed: Typed) => Promise<Suggestions>;
  readonly press: (messageId: string, customId: string) => Started;
  /** Presses what no client would send: a button that is not below this message, or is somebody else's. */
  readonly forge: (messageId: string, customId: string) => Started;
  /** Agrees on the sign-in page; returns the address to which Discord sends the browser back. */
  readonly authorize: (authorizeUrl: string) => string;
};

type Parts = {
  readonly applicationId: string;
  readonly world: World;
  readonly messages: Messages;
  readonly interactions: Interactions;
  readonly commands: Commands;
  readonly gateway: Gateway;
  readonly oauth: OAuth;
  readonly wire: Wire;
  readonly onChange: (listener: () => void) => () => void;
  /** Real time after which the client gives up on autocomplete. */
  readonly patienceMs: number;
};

type Event = {
  readonly type: number;
  readonly place: Place;
  readonly data: JsonObject;
  readonly name?: string;
  readonly sourceMessageId?: string;
};

export function createActor(parts: Parts, userId: string): Actor {
  const { applicationId, world, messages, interactions, commands, gateway, oauth, wire } = parts;
  const person = world.person(userId);

  function visit(channelId: string): Place {
    if (!world.canSee(userId, channelId)) throw new ClientRefusal('unknown-channel', channelId);
    return world.place(channelId);
  }

  function start({ type, place, data, name, sourceMessageId }: Event): Interaction {
    const source = sourceMessageId === undefined ? {} : { message: wire.message(messages.get(sourceMessageId)) };
    const describe = describeInteraction({ applicationId, world, person, place, type, data, ...source });
    const opened = interactions.open({ type, userId, place, name, sourceMessageId }, describe);
    const guildId = place.kind === 'guild' ? place.guild.id : undefined;
    interactions.amend(opened.id, { delivered: gateway.dispatch('INTERACTION_CREATE', opened.payload, guildId) });
    return opened;
  }

  function lookUp(
    place: Place,
    name: string,
  ): { readonly command: RegisteredCommand; readonly path: readonly string[] } {
    const [root = '', ...path] = name.replace(/^\//, '').split(' ');
    const command = commands.find(root);
    if (command === undefined || !isOffered(command, place)) throw new ClientRefusal('unknown-command', name);
    return { command, path };
  }

  function isOffered(command: RegisteredCommand, place: Place): boolean {
    if (place.kind === 'dm') return command.contexts?.includes(1) ?? command.dm_permission ?? true;
    const needed = command.default_member_permissions;
    const granted = world.member(place.guild.id, userId)?.permissions ?? '0';
    const isAllowed = needed === undefined || needed === null || grants(granted, BigInt(needed));
    return isAllowed && (command.contexts?.includes(0) ?? true);
  }

  function dataOf({ id, name }: RegisteredCommand, options: readonly JsonObject[]): JsonObject {
    return { id, name, type: 1, ...(options.length === 0 ? {} : { options }) };
  }

  function visibleButton(messageId: string, customId: string) {
    const message = messages.find(messageId);
    const isVisible =
      message !== undefined && world.canSee(userId, message.channelId) && (message.onlyFor ?? userId) === userId;
    if (!isVisible) throw new ClientRefusal('unknown-message', messageId);
    const found = buttonsOf(message.components).find(({ custom_id }) => custom_id === customId);
    if (found === undefined) throw new ClientRefusal('unknown-component', customId);
    if (found.disabled === true) throw new ClientRefusal('disabled', customId);
    return { message, id: found.id ?? 0 };
  }

  function startPress({ id: sourceMessageId, channelId }: Message, customId: string, id: number): Started {
    const data = { component_type: 2, custom_id: customId, id };
    const event = { type: interactionTypes.component, place: world.place(channelId), data, sourceMessageId };
    return { interactionId: start(event).id };
  }

  function signIn(authorizeUrl: string) {
    const asked = oauth.read(Object.fromEntries(new URL(authorizeUrl).searchParams));
    if ('redirect' in asked) throw new ClientRefusal('no-consent-page', asked.redirect);
    return asked.show;
  }

  return {
    inbox: world.inboxOf(userId),
    command(channelId, name, options = {}) {
      const place = visit(channelId);
      const { command, path } = lookUp(place, name);
      const data = dataOf(command, fillCommand(command, path, options));
      const event = { type: interactionTypes.command, place, data, name: [command.name, ...path].join(' ') };
      return { interactionId: start(event).id };
    },
    async autocomplete(channelId, name, typed) {
      const place = visit(channelId);
      const { command, path } = lookUp(place, name);
      const data = dataOf(command, fillAutocomplete(command, path, typed));
      const { id } = start({ type: interactionTypes.autocomplete, place, data });
      return answered(parts, id);
    },
    press(messageId, customId) {
      const { message, id } = visibleButton(messageId, customId);
      return startPress(message, customId, id);
    },
    forge(messageId, customId) {
      const message = messages.find(messageId);
      if (message === undefined) throw new ClientRefusal('unknown-message', messageId);
      return startPress(message, customId, 0);
    },
    authorize: (authorizeUrl) => oauth.approve(signIn(authorizeUrl), person),
  };
}

function answered({ interactions, onChange, patienceMs }: Parts, id: string): Promise<Suggestions> {
  const { promise, resolve } = Promise.withResolvers<Suggestions>();
  const look = () => {
    const found = interactions.find(id);
    if (found?.callbackType === callbackTypes.choices) resolve({ kind: 'choices', choices: found.choices ?? [] });
  };
  const stop = onChange(look);
  const patience = setTimeout(() => resolve({ kind: 'failed' }), patienceMs);
  look();
  return promise.finally(() => {
    stop();
    clearTimeout(patience);
  });
}
