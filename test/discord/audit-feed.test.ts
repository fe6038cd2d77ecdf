import { expect, test } from 'vitest';
import { createAuditFeed } from '../../src/discord/audit-feed.ts';
import { renderNotes } from '../../src/discord/render.ts';
import type { Note } from '../../src/view.ts';
import { general, startBot } from './support.ts';

const line = (text: string): Note => ({ tone: 'done', text });
type Result = 'told' | 'limited' | 'lost';

/** A feed whose pauses end when the test says so. */
function openFeed(answer: (posts: number) => Result = () => 'told') {
  const posts: (readonly unknown[])[] = [];
  const pauses: { readonly ms: number; readonly end: () => void }[] = [];
  const warnings: unknown[] = [];
  const feed = createAuditFeed({
    channel: general,
    messenger: {
      post: async (_channel, lines) => {
        posts.push(lines.map(({ text }) => text));
        return answer(posts.length);
      },
    },
    pause: (ms, signal) =>
      new Promise((resolve, reject) => {
        pauses.push({ ms, end: resolve });
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      }),
    log: { warn: (fields) => void warnings.push(fields) },
  });
  return { feed, posts, pauses, warnings };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the first line is posted at once, those of the next two seconds together', async () => {
  const { feed, posts, pauses } = openFeed();
  feed.add(line('1'));
  expect(posts).toEqual([['1']]);
  for (const text of ['2', '3', '4']) feed.add(line(text));
  await turn();
  expect(posts).toHaveLength(1);
  expect(pauses.map(({ ms }) => ms)).toEqual([2_000]);
  pauses[0]?.end();
  await turn();
  expect(posts).toEqual([['1'], ['2', '3', '4']]);
});

test('a message holds ten lines at most, and the others follow in order', async () => {
  const { feed, posts, pauses } = openFeed();
  for (let count = 0; count <= 25; count += 1) feed.add(line(String(count)));
  for (let count = 0; count < 4; count += 1) {
    await turn();
    pauses[count]?.end();
  }
  await turn();
  expect(posts.map(({ length }) => length)).toEqual([1, 10, 10, 5]);
  expect(posts.flat()).toEqual(Array.from({ length: 26 }, (_, index) => String(index)));
});

test('nothing is lost at the end: what waits is posted without a pause', async () => {
  const { feed, posts } = openFeed();
  for (let count = 0; count < 25; count += 1) feed.add(line(String(count)));
  await feed.close();
  expect(posts.flat()).toHaveLength(25);
});

test('lines that Discord limits are posted later; those that it refuses are named in the log', async () => {
  const { feed, posts, pauses, warnings } = openFeed((count) => (count === 1 ? 'limited' : 'lost'));
  feed.add(line('a'));
  await turn();
  pauses[0]?.end();
  await turn();
  expect(posts).toEqual([['a'], ['a']]);
  expect(warnings).toEqual([{ lines: 1, result: 'lost' }]);
});

test('a thousand lines wait at most; the oldest go first, and the log says so', () => {
  const { feed, warnings } = openFeed();
  for (let count = 0; count < 1_003; count += 1) feed.add(line(String(count)));
  expect(warnings).toHaveLength(2);
});

test('ten of the longest lines are a message that Discord takes, and mention nobody', async () => {
  const { bot, discord } = await startBot();
  const long = Array.from({ length: 10 }, (): Note => ({ tone: 'risky', text: ['x'.repeat(2_000), { user: '1' }] }));
  expect(await bot.messenger.post(general, long)).toBe('told');
  expect(discord.messages(general, '100000000000000001')[0]?.embeds).toHaveLength(10);
  expect(renderNotes(long).allowed_mentions).toEqual({ parse: [] });
});

test('a bot that stops posts the lines that wait', async () => {
  const { bot, discord } = await startBot({ auditChannel: general, pause: (_ms, signal) => untilAborted(signal) });
  for (const text of ['1', '2', '3']) bot.audit(line(text));
  await bot.stop();
  const texts = discord.messages(general, '100000000000000001').flatMap(({ embeds }) => embeds);
  expect(texts.map(({ description }) => description)).toEqual(['✅ 1', '✅ 2', '✅ 3']);
});

function untilAborted(signal?: AbortSignal): Promise<void> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
}
