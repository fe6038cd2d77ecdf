import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Messenger } from '../messenger.ts';
import type { Secret } from '../secret.ts';
import type { Note } from '../view.ts';
import { createAuditFeed } from './audit-feed.ts';
import { keepTrying } from './keep-trying.ts';
import { createMessenger } from './messenger.ts';
import { closeRest, createRest, type Pause, type Rest } from './rest.ts';
import { StartError, type StartProblem } from './start-error.ts';

const ACK_TIMEOUT_MS = 2_000;

export type DiscordClientOptions = {
  readonly token: Secret;
  /** Where Discord's REST API lives, without its version; Discord's own when absent. */
  readonly api?: string | undefined;
  /** The channel that gets a line for each outcome, where the operator wants one. */
  readonly auditChannel?: string | undefined;
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly now: () => number;
  /** Discord ended the connection for good after it had been ready, for example because the token was reset. */
  readonly onFatal: (error: StartError) => void;
  /** Waits before something is tried again; a test may shorten it. */
  readonly pause?: Pause;
  readonly ackTimeoutMs?: number;
};

/** What the bot says to Discord on its own account, over REST; interactions need a connection beside it. */
export type DiscordClient = {
  readonly rest: Rest;
  readonly pause: Pause;
  readonly messenger: Messenger;
  /** Posts a line to the audit channel, soon and together with others; nothing where there is no such channel. */
  readonly audit: (line: Note) => Promise<void>;
  /** Undefined until Discord told it. */
  readonly applicationId: () => string | undefined;
  /** Asks Discord which application the token belongs to, until it answers. @throws StartError when that will never be */
  readonly identify: () => Promise<string>;
  /** Nothing works any more, nor will: this fails the start, or is reported once after it. */
  readonly fail: (problem: StartProblem) => void;
  /** Rejects with a StartError when something failed before `markStarted`. */
  readonly failed: Promise<never>;
  readonly markStarted: () => void;
  readonly close: () => Promise<void>;
};

export function createDiscordClient(options: DiscordClientOptions): DiscordClient {
  const { token, api, auditChannel, log, now, pause = waitFor, ackTimeoutMs = ACK_TIMEOUT_MS } = options;
  const { fail, failed, markStarted, giveUp } = createOutcome(options.onFatal);
  const known = Promise.withResolvers<string | undefined>();
  const closing = new AbortController();
  let applicationId: string | undefined;

  const onUnauthorized = () => fail({ reason: 'bad-token' });
  const rest = createRest({ token, api, ackTimeoutMs, pause, log, onUnauthorized });
  const messenger = createMessenger({ rest, applicationId: known.promise, now, log });
  const feed =
    auditChannel === undefined ? undefined : createAuditFeed({ channel: auditChannel, messenger, pause, log });

  return {
    ...{ rest, pause, messenger, fail, failed, markStarted },
    audit: async (line) => feed?.add(line),
    applicationId: () => applicationId,
    async identify() {
      applicationId = await keepTrying({ now, pause, log, onUnauthorized }, closing.signal, () =>
        readApplication(rest),
      );
      known.resolve(applicationId);
      return applicationId ?? failed;
    },
    async close() {
      closing.abort();
      giveUp();
      known.resolve(undefined);
      await feed?.close();
      closeRest(rest);
    },
  };
}

const application = z.object({ id: z.string() });

async function readApplication({ bot }: Rest): Promise<string> {
  return application.parse(await bot.get('/applications/@me')).id;
}

/** Whoever is told of a problem ends the process, so once is enough. */
function createOutcome(onFatal: (error: StartError) => void) {
  const start = Promise.withResolvers<never>();
  // Nobody may be waiting for it.
  start.promise.catch(() => undefined);
  let hasFailed = false;
  let hasStarted = false;
  return {
    failed: start.promise,
    markStarted: () => {
      hasStarted = true;
    },
    fail: (problem: StartProblem) => {
      if (hasFailed) return;
      hasFailed = true;
      const error = new StartError(problem);
      if (hasStarted) onFatal(error);
      else start.reject(error);
    },
    /** What fails from now on is nobody's business. */
    giveUp: () => {
      hasFailed = true;
      start.reject(new StartError({ reason: 'unreachable' }));
    },
  };
}

async function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(ms, undefined, signal === undefined ? { ref: false } : { ref: false, signal });
}
