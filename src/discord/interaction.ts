import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ComponentType,
  InteractionType,
  MessageFlags,
} from 'discord-api-types/v10';
import { z } from 'zod';
import type { Caller } from '../caller.ts';
import type { Verb } from '../view.ts';
import { parseButtonId } from './button-id.ts';

/** What every interaction carries: the key to its answer (`token`), when Discord made it (ms), and who asks where. */
export type Arrival = {
  readonly id: string;
  readonly applicationId: string;
  readonly token: string;
  readonly createdAt: number;
  readonly caller: Caller;
};

type OptionValue = string | number | boolean;
export type RawOptions = Readonly<Record<string, OptionValue>>;

export type CommandInvocation = Arrival & {
  readonly kind: 'command';
  readonly name: string;
  readonly subcommand?: string;
  readonly options: RawOptions;
};
export type AutocompleteInvocation = Arrival & {
  readonly kind: 'autocomplete';
  readonly name: string;
  readonly subcommand?: string;
  readonly focused: string;
  readonly typed: string;
  /** The options as they stand, without the focused one. */
  readonly options: RawOptions;
};
export type PressInvocation = Arrival & {
  readonly kind: 'press';
  /** Absent for a button that this version did not make. */
  readonly button?: { readonly verb: Verb; readonly id: string };
  readonly messageId: string;
  readonly isPublic: boolean;
};
type Ignored = { readonly kind: 'ignored'; readonly reason: 'ping' | 'unknown-type' | 'malformed' };
export type Invocation = CommandInvocation | AutocompleteInvocation | PressInvocation;

const DISCORD_EPOCH = 1_420_070_400_000;

const snowflake = z.string().regex(/^\d{1,20}$/);
const text = z.string().max(6000);
// The token becomes part of a path.
const token = z.string().regex(/^[\x21-\x7e]{1,1000}$/);
const user = z.looseObject({ id: snowflake, username: text });
const member = z.looseObject({
  user,
  roles: z.array(snowflake).max(1000).nullish(),
  permissions: z
    .string()
    .regex(/^\d{1,40}$/)
    .nullish(),
});

const base = z.looseObject({
  id: snowflake,
  application_id: snowflake,
  token,
  type: z.int(),
  guild_id: snowflake.nullish(),
  channel_id: snowflake.nullish(),
  channel: z.looseObject({ id: snowflake }).nullish(),
  member: member.nullish(),
  user: user.nullish(),
  data: z.unknown().optional(),
  message: z.unknown().optional(),
});

const leaf = z.looseObject({
  name: text,
  type: z.int(),
  value: z.union([text, z.number(), z.boolean()]).optional(),
  focused: z.boolean().optional(),
});
type Leaf = z.infer<typeof leaf>;
const option = leaf.extend({ options: z.array(leaf).max(25).optional() });
const commandData = z.looseObject({
  name: text,
  type: z.literal(ApplicationCommandType.ChatInput),
  options: z.array(option).max(25).optional(),
});
const pressData = z.looseObject({ custom_id: text, component_type: z.literal(ComponentType.Button) });
const pressedMessage = z.looseObject({ id: snowflake, flags: z.int().optional() });

/** Reads a raw INTERACTION_CREATE payload. Never throws, whatever it is given. */
export function readInvocation(raw: unknown): Invocation | Ignored {
  const read = base.safeParse(raw);
  if (!read.success) return isPing(raw) ? { kind: 'ignored', reason: 'ping' } : malformed;
  const arrival = readArrival(read.data);
  if (arrival === undefined) return malformed;
  switch (read.data.type) {
    case InteractionType.Ping:
      return { kind: 'ignored', reason: 'ping' };
    case InteractionType.ApplicationCommand:
      return readCommand(arrival, read.data.data);
    case InteractionType.MessageComponent:
      return readPress(arrival, read.data.data, read.data.message);
    case InteractionType.ApplicationCommandAutocomplete:
      return readAutocomplete(arrival, read.data.data);
    default:
      return { kind: 'ignored', reason: 'unknown-type' };
  }
}

const malformed: Ignored = { kind: 'ignored', reason: 'malformed' };

function isPing(raw: unknown): boolean {
  return z.looseObject({ type: z.literal(InteractionType.Ping) }).safeParse(raw).success;
}

function readArrival(payload: z.infer<typeof base>): Arrival | undefined {
  const { member, guild_id: guild } = payload;
  const person = member?.user ?? payload.user;
  const channel = payload.channel_id ?? payload.channel?.id;
  if (person == null || channel == null) return undefined;
  return {
    id: payload.id,
    applicationId: payload.application_id,
    token: payload.token,
    // The upper bits of a snowflake are the milliseconds since Discord's epoch.
    createdAt: Number(BigInt(payload.id) >> 22n) + DISCORD_EPOCH,
    caller: {
      user: person.id,
      userName: person.username,
      ...(guild != null && { guild }),
      ...(member?.roles != null && { roles: member.roles }),
      ...(member?.permissions != null && { permissions: BigInt(member.permissions) }),
      channel,
    },
  };
}

function readCommand(arrival: Arrival, data: unknown): CommandInvocation | Ignored {
  const called = readCalled(data);
  if (called === undefined) return malformed;
  const { leaves, ...names } = called;
  return { kind: 'command', ...arrival, ...names, options: valuesOf(leaves) };
}

function readAutocomplete(arrival: Arrival, data: unknown): AutocompleteInvocation | Ignored {
  const called = readCalled(data);
  const focused = called?.leaves.find((each) => each.focused === true);
  if (called === undefined || focused === undefined) return malformed;
  const { leaves, ...names } = called;
  const options = valuesOf(leaves.filter((each) => each !== focused));
  const typed = String(focused.value ?? '');
  return { kind: 'autocomplete', ...arrival, ...names, focused: focused.name, typed, options };
}

function readPress(arrival: Arrival, data: unknown, message: unknown): PressInvocation | Ignored {
  const pressed = pressData.safeParse(data);
  const carrier = pressedMessage.safeParse(message);
  if (!pressed.success || !carrier.success) return malformed;
  const button = parseButtonId(pressed.data.custom_id);
  const isPublic = ((carrier.data.flags ?? 0) & MessageFlags.Ephemeral) === 0;
  return {
    kind: 'press',
    ...arrival,
    ...(button === undefined ? {} : { button }),
    messageId: carrier.data.id,
    isPublic,
  };
}

type Called = { readonly name: string; readonly subcommand?: string; readonly leaves: readonly Leaf[] };

function readCalled(data: unknown): Called | undefined {
  const read = commandData.safeParse(data);
  if (!read.success) return undefined;
  const { name, options = [] } = read.data;
  const nested = options.find(({ type }) => type === ApplicationCommandOptionType.Subcommand);
  return nested === undefined
    ? { name, leaves: options }
    : { name, subcommand: nested.name, leaves: nested.options ?? [] };
}

function valuesOf(leaves: readonly Leaf[]): RawOptions {
  return Object.fromEntries(leaves.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}
