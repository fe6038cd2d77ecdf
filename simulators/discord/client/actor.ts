import type { ChoiceForm } from '../forms/command-form.ts';
import { type ModalForm, modalFields } from '../forms/modal-form.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Interaction, Interactions } from '../interactions.ts';
import type { Messages } from '../messages.ts';
import { callbackTypes, grants, interactionTypes, type Place } from '../model.ts';
import type { Commands, RegisteredCommand } from '../rest/commands.ts';
import type { OAuth } from '../sign-in/oauth.ts';
import { findComponent, type JsonObject, type Wire } from '../wire.ts';
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
  readonly select: (messageId: string, customId: string, values: readonly string[]) => Started;
  /** The form that an interaction of this person opened, until it is submitted. */
  readonly form: (interactionId: string) => ModalForm | undefined;
  readonly submit: (interactionId: string, fields: Readonly<Record<string, string>>) => Started;
  /** Agrees on the sign-in page; returns the address to which Discord sends the browser back. */
  readonly authorize: (authorizeUrl: string) => string;
  readonly cancelAuthorize: (authorizeUrl: string) => string;
};

export type Parts = {
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
    const command = commands.find(root, place.kind === 'guild' ? place.guild.id : undefined);
    if (command === undefined || !isOffered(command, place)) throw new ClientRefusal('unknown-command', name);
    return { command, path };
  }

  function isOffered(command: RegisteredCommand, place: Place): boolean {
    if (place.kind === 'dm')
      return (command.contexts?.includes(1) ?? command.dm_permission ?? true) && command.guildId === undefined;
    const needed = command.default_member_permissions;
    const granted = world.member(place.guild.id, userId)?.permissions ?? '0';
    const isAllowed = needed === undefined || needed === null || grants(granted, BigInt(needed));
    return isAllowed && (command.contexts?.includes(0) ?? true);
  }

  function dataOf({ id, name, guildId }: RegisteredCommand, options: readonly JsonObject[]): JsonObject {
    const guild = guildId === undefined ? {} : { guild_id: guildId };
    return { id, name, type: 1, ...guild, ...(options.length === 0 ? {} : { options }) };
  }

  function component(messageId: string, customId: string, types: readonly number[]) {
    const message = messages.find(messageId);
    const isVisible =
      message !== undefined && world.canSee(userId, message.channelId) && (message.onlyFor ?? userId) === userId;
    if (!isVisible) throw new ClientRefusal('unknown-message', messageId);
    const found = findComponent(message, customId);
    if (found === undefined || !types.includes(found.type)) throw new ClientRefusal('unknown-component', customId);
    if ('disabled' in found && found.disabled === true) throw new ClientRefusal('disabled', customId);
    const data = { component_type: found.type, custom_id: customId, id: found.id ?? 0 };
    return { message, found, data };
  }

  function openForm(interactionId: string): { readonly interaction: Interaction; readonly form: ModalForm } {
    const interaction = interactions.find(interactionId);
    if (interaction?.form === undefined || interaction.userId !== userId)
      throw new ClientRefusal('no-form', interactionId);
    return { interaction, form: interaction.form };
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
      const { message, data } = component(messageId, customId, [2]);
      const place = world.place(message.channelId);
      return { interactionId: start({ type: interactionTypes.component, place, data, sourceMessageId: messageId }).id };
    },
    forge(messageId, customId) {
      const message = messages.find(messageId);
      if (message === undefined) throw new ClientRefusal('unknown-message', messageId);
      const place = world.place(message.channelId);
      const data = { component_type: 2, custom_id: customId, id: 0 };
      return { interactionId: start({ type: interactionTypes.component, place, data, sourceMessageId: messageId }).id };
    },
    select(messageId, customId, values) {
      const { message, found, data } = component(messageId, customId, [3, 5, 6, 7, 8]);
      const stranger =
        found.type === 3 && values.find((value) => !found.options.some((option) => option.value === value));
      if (typeof stranger === 'string') throw new ClientRefusal('not-a-choice', stranger);
      const place = world.place(message.channelId);
      const chosen = { ...data, values };
      return {
        interactionId: start({ type: interactionTypes.component, place, data: chosen, sourceMessageId: messageId }).id,
      };
    },
    form(interactionId) {
      const interaction = interactions.find(interactionId);
      return interaction?.userId === userId ? interaction.form : undefined;
    },
    submit(interactionId, fields) {
      const { interaction, form } = openForm(interactionId);
      const data = { custom_id: form.custom_id, components: filledForm(form, fields) };
      interactions.amend(interactionId, { form: undefined });
      const source = interaction.sourceMessageId === undefined ? {} : { sourceMessageId: interaction.sourceMessageId };
      return { interactionId: start({ type: interactionTypes.form, place: interaction.place, data, ...source }).id };
    },
    authorize: (authorizeUrl) => oauth.approve(signIn(authorizeUrl), person),
    cancelAuthorize: (authorizeUrl) => oauth.cancel(signIn(authorizeUrl)),
  };
}

function filledForm(form: ModalForm, fields: Readonly<Record<string, string>>): readonly JsonObject[] {
  const known = new Map(modalFields(form).map(({ customId, component }) => [customId, component]));
  const stranger = Object.keys(fields).find((name) => !known.has(name));
  if (stranger !== undefined) throw new ClientRefusal('unknown-option', stranger);
  const fill = (customId: string): JsonObject => {
    const field = known.get(customId);
    const value = fields[customId] ?? '';
    if (value === '' && field?.required !== false) throw new ClientRefusal('missing-option', customId);
    if (field?.type !== 4)
      return { type: field?.type, id: field?.id ?? 0, custom_id: customId, values: value === '' ? [] : [value] };
    const isTooLong = value.length > (field.max_length ?? 4000);
    if (isTooLong || (value !== '' && value.length < (field.min_length ?? 0)))
      throw new ClientRefusal('out-of-bounds', customId);
    return { type: 4, id: field.id ?? 0, custom_id: customId, value };
  };
  return form.components.map((part): JsonObject => {
    if (part.type === 18) return { type: 18, id: part.id ?? 0, component: fill(part.component.custom_id) };
    if (part.type === 1) return { type: 1, components: part.components.map((input) => fill(input.custom_id)) };
    return { type: part.type, id: part.id ?? 0 };
  });
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
