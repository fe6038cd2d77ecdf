import { DiscordAPIError, HTTPError, RateLimitError, REST } from '@discordjs/rest';
import { type APIInteractionResponse, RESTJSONErrorCodes } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Secret } from '../secret.ts';
import { describeError } from './describe-error.ts';

/** Where an interaction is answered. */
export type InteractionKey = { readonly id: string; readonly applicationId: string; readonly token: string };

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

export type Rest = ReturnType<typeof createRest>;
/** Waits; rejects when the signal fires first. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

const WEBHOOK_TIMEOUT_MS = 5_000;
const BOT_TIMEOUT_MS = 10_000;
const PROGRESS_TIMEOUT_MS = 3_000;
const ATTEMPTS = 4;
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
 * Discord's REST routes, each with its own rules about repeating. None of these functions throws but `readCommands`,
 * `writeCommands` and what `bot` does.
 *
 * @param options.api - Where the API lives, without version; Discord's own when absent.
 * @param options.onUnauthorized - Discord refused the bot's token; nothing will work any more.
 */
export function createRest(options: {
  readonly token: Secret;
  readonly api?: string;
  readonly ackTimeoutMs: number;
  readonly pause: Pause;
  readonly log: Pick<Log, 'warn'>;
  readonly onUnauthorized: () => void;
}) {
  const { token, ackTimeoutMs, pause, log, onUnauthorized } = options;
  // Retries are ours: the library's have no pauses, and its waits for rate limits no end.
  const common = {
    ...(options.api === undefined ? {} : { api: options.api }),
    retries: 0,
    rejectOnRateLimit: () => true,
  };
  // A callback is sent once: with the defaults it went out up to four times.
  const callbacks = new REST({ ...common, timeout: ackTimeoutMs });
  // Discord exempts these routes from the global limit; the library does not know.
  const webhooks = new REST({
    ...common,
    timeout: WEBHOOK_TIMEOUT_MS,
    globalRequestsPerSecond: Number.POSITIVE_INFINITY,
  });
  const bot = new REST({ ...common, timeout: BOT_TIMEOUT_MS }).setToken(token.reveal());

  async function acknowledge(
    key: InteractionKey,
    body: InteractionResponse,
    wantsMessageId = false,
  ): Promise<Acknowledgement> {
    const route = `/interactions/${key.id}/${encodeURIComponent(key.token)}/callback` as const;
    const query = wantsMessageId ? { query: new URLSearchParams({ with_response: 'true' }) } : {};
    try {
      const answer = await within(ackTimeoutMs, (signal) =>
        callbacks.post(route, { auth: false, body, signal, ...query }),
      );
      const messageId = callbackAnswer.safeParse(answer).data?.interaction.response_message_id;
      return { kind: 'acked', ...(messageId === undefined ? {} : { messageId }) };
    } catch (error) {
      const kind = acknowledgementOf(error);
      log.warn({ ack: kind, error: describeError(error) }, 'an interaction was not acknowledged');
      return { kind };
    }
  }

  async function persist<T>(request: (signal: AbortSignal) => Promise<T>, policy: Policy): Promise<T> {
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

  async function send(what: string, policy: Policy, request: (signal: AbortSignal) => Promise<unknown>): Promise<Sent> {
    try {
      const messageId = messageAnswer.safeParse(await persist(request, policy)).data?.id;
      return { kind: 'told', ...(messageId === undefined ? {} : { messageId }) };
    } catch (error) {
      if (policy.isBot) notice(error);
      const kind = sentOf(error);
      log.warn({ what, result: kind, error: describeError(error) }, 'Discord did not take a message');
      return { kind };
    }
  }

  function notice(error: unknown): void {
    if (error instanceof DiscordAPIError && error.status === 401) onUnauthorized();
  }

  async function asBot<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await persist(request, { ...botEdit, isRepeatable: true });
    } catch (error) {
      notice(error);
      throw error;
    }
  }

  const commandsOf = (applicationId: string) => `/applications/${applicationId}/commands` as const;

  return {
    /** For the gateway, which reads its address with it. */
    bot,
    acknowledge,
    /** Edits the interaction's own message, or with `messageId` a follow-up. */
    editReply: (key: Omit<InteractionKey, 'id'>, body: unknown, messageId = '@original') =>
      send('edit', webhookEdit, (signal) =>
        webhooks.patch(`${webhookOf(key)}/messages/${encodeURIComponent(messageId)}`, { auth: false, body, signal }),
      ),
    /** The same, tried only once: for what is soon replaced. */
    editOnce: (key: Omit<InteractionKey, 'id'>, body: unknown) =>
      send('progress', webhookProgress, (signal) =>
        webhooks.patch(`${webhookOf(key)}/messages/%40original`, { auth: false, body, signal }),
      ),
    deleteReply: (key: Omit<InteractionKey, 'id'>) =>
      send('delete', webhookEdit, (signal) =>
        webhooks.delete(`${webhookOf(key)}/messages/%40original`, { auth: false, signal }),
      ),
    followUp: (key: Omit<InteractionKey, 'id'>, body: unknown) =>
      send('follow-up', webhookPost, (signal) =>
        webhooks.post(webhookOf(key), { auth: false, body, signal, query: new URLSearchParams({ wait: 'true' }) }),
      ),
    editAsBot: (channel: string, messageId: string, body: unknown) =>
      send('edit as bot', botEdit, (signal) =>
        bot.patch(`/channels/${channel}/messages/${messageId}`, { body, signal }),
      ),
    postAsBot: (channel: string, body: unknown) =>
      send('post as bot', botPost, (signal) => bot.post(`/channels/${channel}/messages`, { body, signal })),
    readCommands: (applicationId: string): Promise<unknown> =>
      asBot((signal) => bot.get(commandsOf(applicationId), { signal })),
    writeCommands: (applicationId: string, body: unknown): Promise<unknown> =>
      asBot((signal) => bot.put(commandsOf(applicationId), { body, signal })),
    close(): void {
      for (const one of [callbacks, webhooks, bot]) {
        one.clearHashSweeper();
        one.clearHandlerSweeper();
      }
    },
  };
}

type Policy = {
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly isRepeatable: boolean;
  readonly isBot: boolean;
};
const webhookEdit: Policy = { timeoutMs: WEBHOOK_TIMEOUT_MS, attempts: ATTEMPTS, isRepeatable: true, isBot: false };
const webhookProgress: Policy = { ...webhookEdit, timeoutMs: PROGRESS_TIMEOUT_MS, attempts: 1 };
// Repeated after silence, a new message might stand there twice.
const webhookPost: Policy = { ...webhookEdit, isRepeatable: false };
const botEdit: Policy = { timeoutMs: BOT_TIMEOUT_MS, attempts: ATTEMPTS, isRepeatable: true, isBot: true };
const botPost: Policy = { ...botEdit, isRepeatable: false };

/**
 * The library's timeout ends with the headers; the signal also covers the body. Its timer ends with the request: those
 * of `AbortSignal.timeout` would all fire, seconds after every answer.
 */
async function within<T>(timeoutMs: number, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), timeoutMs);
  try {
    return await request(aborter.signal);
  } finally {
    clearTimeout(timer);
  }
}

function webhookOf({ applicationId, token }: Omit<InteractionKey, 'id'>) {
  return `/webhooks/${applicationId}/${encodeURIComponent(token)}` as const;
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
