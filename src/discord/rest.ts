import { DiscordAPIError, HTTPError, RateLimitError, REST } from '@discordjs/rest';
import { type APIInteractionResponse, RESTJSONErrorCodes } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Secret } from '../secret.ts';
import { describeError } from './describe-error.ts';

/** Where an interaction is answered. */
export type InteractionKey = { readonly id: string; readonly applicationId: string; readonly token: string };
/** Where an answer is edited and followed. */
export type WebhookKey = Omit<InteractionKey, 'id'>;

/** The first answer to an interaction. */
export type InteractionResponse = APIInteractionResponse;

/**
 * What became of the first answer. `taken`: another process owns the interaction. `gone`: Discord gave it up.
 * `uncertain`: refused or unanswered, so it may or may not have arrived. Only `acked` allows anything to run.
 */
export type Acknowledgement =
  | { readonly kind: 'acked'; readonly messageId?: string }
  | { readonly kind: 'taken' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'uncertain' };

/**
 * `gone`: the token or the message no longer exists. `malformed`: Discord found fault with the message itself.
 * `limited`: too many requests just now. `refused`: Discord said no for another reason. `silent`: nobody knows.
 */
export type Sent =
  | { readonly kind: 'told'; readonly messageId?: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'limited' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' };

/** Waits; rejects when the signal fires first. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Discord's REST API: one client for each set of rules about repeating and limits. */
export type Rest = {
  /** A callback is sent once: with the library's defaults it went out up to four times. */
  readonly callbacks: REST;
  /** Discord exempts these routes from the global limit; the library does not know. */
  readonly webhooks: REST;
  /** With the bot's own token. */
  readonly bot: REST;
  readonly ackTimeoutMs: number;
  readonly pause: Pause;
  readonly log: Pick<Log, 'warn'>;
  readonly onUnauthorized: () => void;
};

type Policy = {
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly isRepeatable: boolean;
  readonly isBot: boolean;
};
const webhookEdit: Policy = { timeoutMs: 5_000, attempts: 4, isRepeatable: true, isBot: false };
const webhookProgress: Policy = { ...webhookEdit, timeoutMs: 3_000, attempts: 1 };
// Repeated after silence, a new message might stand there twice.
const webhookPost: Policy = { ...webhookEdit, isRepeatable: false };
const botEdit: Policy = { timeoutMs: 10_000, attempts: 4, isRepeatable: true, isBot: true };
const botPost: Policy = { ...botEdit, isRepeatable: false };

/** Each further request under a rate limit makes it worse. */
const LIMITED_ATTEMPTS = 3;
const LONGEST_WAIT_MS = 5_000;
const FIRST_WAIT_MS = 250;

const goneCodes: ReadonlySet<unknown> = new Set([
  RESTJSONErrorCodes.UnknownMessage,
  RESTJSONErrorCodes.UnknownWebhook,
  RESTJSONErrorCodes.UnknownInteraction,
  // An interaction's token that is over.
  RESTJSONErrorCodes.InvalidWebhookToken,
]);

const callbackAnswer = z.object({ interaction: z.object({ response_message_id: z.string().exactOptional() }) });
const messageAnswer = z.object({ id: z.string() });

/**
 * @param options.api - Where the API lives, without version; Discord's own when absent.
 * @param options.onUnauthorized - Discord refused the bot's token; nothing will work any more.
 */
export function createRest(options: {
  readonly token: Secret;
  readonly api?: string | undefined;
  readonly ackTimeoutMs: number;
  readonly pause: Pause;
  readonly log: Pick<Log, 'warn'>;
  readonly onUnauthorized: () => void;
}): Rest {
  const { token, api, ackTimeoutMs, pause, log, onUnauthorized } = options;
  // Retries are ours: the library's have no pauses, and its waits for rate limits no end.
  const common = { ...(api !== undefined && { api }), retries: 0, rejectOnRateLimit: () => true };
  return {
    callbacks: new REST({ ...common, timeout: ackTimeoutMs }),
    webhooks: new REST({
      ...common,
      timeout: webhookEdit.timeoutMs,
      globalRequestsPerSecond: Number.POSITIVE_INFINITY,
    }),
    bot: new REST({ ...common, timeout: botEdit.timeoutMs }).setToken(token.reveal()),
    ackTimeoutMs,
    pause,
    log,
    onUnauthorized,
  };
}

/** Ends the library's timers, which would keep the process alive. */
export function closeRest({ callbacks, webhooks, bot }: Rest): void {
  for (const one of [callbacks, webhooks, bot]) {
    one.clearHashSweeper();
    one.clearHandlerSweeper();
  }
}

/** Sends the first answer, once. Never throws. */
export async function acknowledge(
  rest: Rest,
  key: InteractionKey,
  response: InteractionResponse,
  wantsMessageId = false,
): Promise<Acknowledgement> {
  const { callbacks, ackTimeoutMs, log } = rest;
  const route = `/interactions/${key.id}/${encodeURIComponent(key.token)}/callback` as const;
  const query = wantsMessageId ? { query: new URLSearchParams({ with_response: 'true' }) } : {};
  try {
    const answer = await within(ackTimeoutMs, (signal) =>
      callbacks.post(route, { auth: false, body: response, signal, ...query }),
    );
    const messageId = callbackAnswer.safeParse(answer).data?.interaction.response_message_id;
    return { kind: 'acked', ...(messageId !== undefined && { messageId }) };
  } catch (error) {
    const kind = acknowledgementOf(error);
    log.warn({ ack: kind, error: describeError(error) }, 'an interaction was not acknowledged');
    return { kind };
  }
}

/** Edits the interaction's own message, or with `messageId` a follow-up. Never throws. */
export function editReply(rest: Rest, key: WebhookKey, body: unknown, messageId = '@original'): Promise<Sent> {
  return send(rest, 'edit', webhookEdit, (signal) =>
    rest.webhooks.patch(messageRoute(key, messageId), { auth: false, body, signal }),
  );
}

/** The same, tried only once: for what is soon replaced. */
export function editReplyOnce(rest: Rest, key: WebhookKey, body: unknown): Promise<Sent> {
  return send(rest, 'progress', webhookProgress, (signal) =>
    rest.webhooks.patch(messageRoute(key), { auth: false, body, signal }),
  );
}

export function deleteReply(rest: Rest, key: WebhookKey): Promise<Sent> {
  return send(rest, 'delete', webhookEdit, (signal) =>
    rest.webhooks.delete(messageRoute(key), { auth: false, signal }),
  );
}

export function followUp(rest: Rest, key: WebhookKey, body: unknown): Promise<Sent> {
  const query = new URLSearchParams({ wait: 'true' });
  return send(rest, 'follow-up', webhookPost, (signal) =>
    rest.webhooks.post(webhookRoute(key), { auth: false, body, signal, query }),
  );
}

/** Edits a message of the bot's own in a channel. Never throws. */
export function editMessage(rest: Rest, channel: string, messageId: string, body: unknown): Promise<Sent> {
  return send(rest, 'edit as bot', botEdit, (signal) =>
    rest.bot.patch(`/channels/${channel}/messages/${messageId}`, { body, signal }),
  );
}

export function postMessage(rest: Rest, channel: string, body: unknown): Promise<Sent> {
  return send(rest, 'post as bot', botPost, (signal) =>
    rest.bot.post(`/channels/${channel}/messages`, { body, signal }),
  );
}

/** @throws what the library does */
export function readCommands(rest: Rest, applicationId: string): Promise<unknown> {
  return asBot(rest, (signal) => rest.bot.get(commandsRoute(applicationId), { signal }));
}

/** Takes the place of all that were there. @throws what the library does */
export function writeCommands(rest: Rest, applicationId: string, body: unknown): Promise<unknown> {
  return asBot(rest, (signal) => rest.bot.put(commandsRoute(applicationId), { body, signal }));
}

// The library's own routes leave a `%` as it is, and with it a slash that somebody wrote as `%2F`.
function webhookRoute({ applicationId, token }: WebhookKey): `/${string}` {
  return `/webhooks/${applicationId}/${encodeURIComponent(token)}`;
}

function messageRoute(key: WebhookKey, messageId = '@original'): `/${string}` {
  return `${webhookRoute(key)}/messages/${encodeURIComponent(messageId)}`;
}

function commandsRoute(applicationId: string): `/${string}` {
  return `/applications/${applicationId}/commands`;
}

type Request<T> = (signal: AbortSignal) => Promise<T>;

async function send(rest: Rest, what: string, policy: Policy, request: Request<unknown>): Promise<Sent> {
  try {
    const messageId = messageAnswer.safeParse(await persist(rest, request, policy)).data?.id;
    return { kind: 'told', ...(messageId !== undefined && { messageId }) };
  } catch (error) {
    if (policy.isBot && isUnauthorized(error)) rest.onUnauthorized();
    const kind = sentOf(error);
    rest.log.warn({ what, result: kind, error: describeError(error) }, 'Discord did not take a message');
    return { kind };
  }
}

async function asBot<T>(rest: Rest, request: Request<T>): Promise<T> {
  try {
    return await persist(rest, request, botEdit);
  } catch (error) {
    if (isUnauthorized(error)) rest.onUnauthorized();
    throw error;
  }
}

async function persist<T>({ pause }: Rest, request: Request<T>, policy: Policy): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await within(policy.timeoutMs, request);
    } catch (error) {
      const waitMs = attempt < policy.attempts ? waitBeforeRepeating(error, attempt, policy.isRepeatable) : undefined;
      if (waitMs === undefined) throw error;
      await pause(waitMs);
    }
  }
}

/** How long to wait before the same request may be sent again; `undefined` when it may not. */
function waitBeforeRepeating(error: unknown, attempt: number, isRepeatable: boolean): number | undefined {
  const backoffMs = FIRST_WAIT_MS * 2 ** (attempt - 1);
  if (error instanceof RateLimitError) {
    const waitMs = Math.max(error.retryAfter, error.timeToReset);
    return attempt < LIMITED_ATTEMPTS && waitMs <= LONGEST_WAIT_MS ? waitMs : undefined;
  }
  if (error instanceof DiscordAPIError) return undefined;
  return error instanceof HTTPError || isRepeatable ? backoffMs : undefined;
}

/**
 * The library's timeout ends with the headers; the signal also covers the body. Its timer ends with the request: those
 * of `AbortSignal.timeout` would all fire, seconds after every answer.
 */
async function within<T>(timeoutMs: number, request: Request<T>): Promise<T> {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), timeoutMs);
  try {
    return await request(aborter.signal);
  } finally {
    clearTimeout(timer);
  }
}

function acknowledgementOf(error: unknown): 'taken' | 'gone' | 'uncertain' {
  if (!(error instanceof DiscordAPIError)) return 'uncertain';
  if (error.code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged) return 'taken';
  return error.code === RESTJSONErrorCodes.UnknownInteraction ? 'gone' : 'uncertain';
}

function sentOf(error: unknown): Exclude<Sent['kind'], 'told'> {
  if (error instanceof RateLimitError) return 'limited';
  if (!(error instanceof DiscordAPIError)) return 'silent';
  if (goneCodes.has(error.code)) return 'gone';
  return error.status === 400 ? 'malformed' : 'refused';
}

/** Whether Discord refused the bot's token. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof DiscordAPIError && error.status === 401;
}
