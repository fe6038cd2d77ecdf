import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isSameSetting } from '../src/leverage/setting.ts';
import { positions, readChannel, sayError, withDesk, withFields } from './kraken-desk.ts';
import { type Bench, type Finding, jsonOf, type Question, told, untold } from './question.ts';
import type { Exchange } from './recorder.ts';
import { describeShape, shapeOf } from './shape.ts';

const adapter = 'src/venues/kraken.ts';
const memory = 'src/venues/kraken-told.ts';
const data = 'simulators/venues/kraken-unified-data.ts';
const replies = 'src/venues/kraken-replies.ts';

/** What comes after a change comes soon. */
const pushMs = 2_000;

function toldSince({ recorder, sent }: Bench, what: string): readonly Exchange[] {
  return recorder.seen.slice(sent?.seenBefore ?? 0).filter((exchange) => exchange.what.startsWith(what));
}

export const afterChange: readonly Question[] = [
  {
    title: 'What does `set_preference` answer, and does its result show the setting?',
    assumed: 'Success; whether the result repeats the setting is not known.',
    correct: [replies, 'simulators/venues/kraken-unified-preference.ts'],
    ask: async (bench) => {
      const [reply] = toldSince(bench, 'WS told set_preference');
      if (reply === undefined) return untold('No answer came.');
      const fields = describeShape(shapeOf(jsonOf(bench, reply)));
      return withFields({ ...told(`It said ${sayError(bench, reply)}.`), fields }, /max_leverage/, {
        some: 'It shows the setting in',
        none: told('It does not show the setting.'),
      });
    },
  },
  {
    title: 'Is a change told to who is subscribed?',
    assumed: 'Not known; `preferences` and `positions` are watched.',
    correct: [memory, data],
    ask: async (bench) => {
      await wait(pushMs);
      const frames = ['preferences update', 'positions update'].flatMap((one) => toldSince(bench, `WS told ${one}`));
      if (frames.length === 0) return told(`Nothing came within ${pushMs / 1_000} s.`);
      const said = frames.map((frame) => {
        const fields = [...shapeOf(jsonOf(bench, frame)).keys()].filter((path) => /leverage/.test(path));
        return `${frame.what} with ${fields.map((one) => `\`${one}\``).join(', ') || 'no leverage'}`;
      });
      return told(`${said.join('; ')}.`);
    },
  },
  {
    title: 'What becomes of an open position?',
    assumed: 'Not documented; the bot says so. A change of its margin would show here.',
    correct: [adapter, data],
    ask: (bench) => askPosition(bench),
  },
];

const rowSchema = z.record(z.string(), z.unknown());
const withRows = z.object({ data: z.object({ futures: z.array(rowSchema) }) });

/** The row of the market in a frame of positions. */
function rowIn(bench: Bench, exchange: Exchange | undefined) {
  const rows = withRows.safeParse(exchange && jsonOf(bench, exchange)).data?.data.futures ?? [];
  return rows.find(({ symbol }) => symbol === bench.market.symbol);
}

/** Which figures of an open position are others than before; prices move by themselves. */
async function askPosition(bench: Bench): Promise<Finding> {
  const snapshots = bench.recorder.seen
    .slice(0, bench.sent?.seenBefore ?? 0)
    .filter(({ what }) => what === 'WS told positions snapshot')
    .map((exchange) => rowIn(bench, exchange) ?? {});
  const [before = {}] = snapshots.toSorted((a, b) => Object.keys(b).length - Object.keys(a).length);
  return withDesk(
    bench,
    'margin',
    async (desk) => {
      const read = await readChannel(bench, desk, { ...positions, with_margin: true });
      const after = rowIn(bench, desk.heard('positions').at(-1));
      if (read.verdict === 'different' || after === undefined) return untold('No position is open in this market.');
      const changed = Object.keys(after).filter(
        (name) => name in before && !isDeepStrictEqual(after[name], before[name]),
      );
      const names = [...shapeOf(Object.fromEntries(changed.map((name) => [name, null]))).keys()].filter(Boolean);
      return told(
        names.length === 0
          ? 'No figure of it has changed.'
          : `Changed: ${names.map((one) => `\`${one}\``).join(', ')}.`,
      );
    },
    true,
  );
}

export const oldApi: Question = {
  title: 'Does the old API show what is set through the new one?',
  assumed: 'Not known; the same preference behind both is likely.',
  correct: [adapter, 'src/venues/kraken-futures.ts'],
  ask: async ({ old, market, sent }) => {
    if (old === undefined) return untold('Not asked: with --compare the account’s old key is asked for as well.');
    const shown = await old.venue.readSetting(old.credentials, { market });
    if (sent === undefined)
      return told(`The old API shows ${shown.mode === 'cross' ? 'cross' : 'a fixed leverage'} there.`);
    return told(isSameSetting(shown, sent.setting) ? 'It shows what was set just now.' : 'It shows something else.');
  },
};
