import type { Log } from '../log.ts';
import type { Messenger } from '../messenger.ts';
import type { Note } from '../view.ts';
import type { Pause } from './rest.ts';

const EVERY_MS = 2_000;
/** What one message holds: Discord allows ten embeds. */
const LINES_AT_ONCE = 10;
/** While Discord takes nothing, the log has every line anyway. */
const MOST_WAITING = 1_000;

type AuditFeed = {
  /** Resolves once the line was posted, or lost for good, which the log tells of. */
  readonly add: (line: Note) => Promise<void>;
  /** Posts what waits at once, and resolves when that is through. Later lines are posted without waiting too. */
  readonly close: () => Promise<void>;
};

type Options = {
  readonly channel: string;
  readonly messenger: Pick<Messenger, 'post'>;
  readonly pause: Pause;
  readonly log: Pick<Log, 'warn'>;
};
type Waiting = { readonly line: Note; readonly through: () => void };
type Feed = Options & { readonly waiting: Waiting[]; readonly closing: AbortController; posting?: Promise<void> };

/** Posts lines to one channel, several in one message when they come fast: at most one message in two seconds. */
export function createAuditFeed(options: Options): AuditFeed {
  const feed: Feed = { ...options, waiting: [], closing: new AbortController() };
  return {
    add: (line) => add(feed, line),
    close: async () => {
      feed.closing.abort();
      await feed.posting;
    },
  };
}

function add(feed: Feed, line: Note): Promise<void> {
  const { waiting, log } = feed;
  if (waiting.length >= MOST_WAITING) {
    waiting.shift()?.through();
    log.warn({ lines: 1, result: 'too many' }, 'lines for the audit channel were lost');
  }
  const { promise, resolve: through } = Promise.withResolvers<void>();
  waiting.push({ line, through });
  feed.posting ??= postAll(feed);
  return promise;
}

async function postAll(feed: Feed): Promise<void> {
  const { waiting, closing, pause } = feed;
  while (waiting.length > 0) {
    await postSome(feed);
    // Ends early when the feed closes.
    if (!closing.signal.aborted) await pause(EVERY_MS, closing.signal).catch(() => undefined);
  }
  delete feed.posting;
}

async function postSome({ channel, messenger, waiting, closing, log }: Feed): Promise<void> {
  const some = waiting.splice(0, LINES_AT_ONCE);
  const lines = some.map(({ line }) => line);
  const result = await messenger.post(channel, lines);
  // Refused for now, they were certainly not posted; at the end the next start posts them.
  if (result === 'limited') return void (closing.signal.aborted ? undefined : waiting.unshift(...some));
  if (result !== 'told') log.warn({ lines: lines.length, result }, 'lines for the audit channel were lost');
  for (const { through } of some) through();
}
