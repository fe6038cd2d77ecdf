import { setImmediate as letOthersGo } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../parse-json.ts';
import { type Answer, silent, type Verdict } from './verdict.ts';

/**
 * A reply that is one long list. Its rows are cut out of the text and read one by one, because a list that is parsed
 * as a whole can hold the event loop for a second and take a hundred MiB, with less text than a real one.
 */
export type ListReply<Row, T> = {
  /** The list's name at the top of the reply, or as `data.pairs` inside objects. */
  readonly name: string;
  /** Lists beside it that are not read. */
  readonly besides?: readonly string[];
  /** Judges the answer with its list emptied. */
  readonly around: (answer: Answer) => Verdict<unknown>;
  /** Reads a row, whatever it is; `undefined` stands for one that is no JSON. Keeps only what is needed of it. */
  readonly row: (row: unknown) => Row;
  /** What the rows mean together. */
  readonly conclude: (rows: readonly Row[]) => Verdict<T>;
};

/** What `around` finds where the list was: anything else was not cut, and thus not read. */
export const emptied = z.array(z.never());

/** A row of a list in which one market is wanted. */
export type RowAbout<T> =
  | { readonly kind: 'ours'; readonly value: T }
  | { readonly kind: 'other' }
  /** Unreadable and about the wanted market, or it does not say about which. */
  | { readonly kind: 'unreadable' };

/** The rows about the wanted market; an unreadable one makes the whole list unreadable. */
export function oursOnly<T>(rows: readonly RowAbout<T>[]): Verdict<readonly T[]> {
  if (rows.some(({ kind }) => kind === 'unreadable')) return silent('unreadable');
  return { kind: 'ok', value: rows.flatMap((row) => (row.kind === 'ours' ? [row.value] : [])) };
}

/** Longest text that is parsed at once: a reply without a list, what stands around a list, or one row. */
export const mostCharacters = 64 * 1024;
const deepest = 20;
/** Of one list, all its pages together. */
export const mostRows = 5_000;

/** Others go first after so many rows or characters. */
const sliceRows = 200;
const sliceCharacters = 64 * 1024;

/** Reads a list's rows in slices between which others may run. */
export async function judgeList<Row, T>(answer: Answer, reply: ListReply<Row, T>): Promise<Verdict<T>> {
  const cut = cutLists(answer.text, [reply.name, ...(reply.besides ?? [])]);
  if (typeof cut === 'string') return silent(cut);
  const [texts = []] = cut.lists;
  const around = reply.around({ status: answer.status, text: cut.around });
  if (around.kind !== 'ok') return around;
  const rows: Row[] = [];
  let left = sliceCharacters;
  for (const text of texts) {
    rows.push(reply.row(parseJson(text)));
    left -= text.length + sliceCharacters / sliceRows;
    if (left > 0) continue;
    left = sliceCharacters;
    await letOthersGo();
  }
  return reply.conclude(rows);
}

/** Whether a reply without a list may be parsed. */
export function isModest(text: string): boolean {
  return cutList(text, undefined) !== 'too-large';
}

type Cut = { readonly around: string; readonly rows: readonly string[] };

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Cuts the rows of one list out of a JSON text without parsing it. What is no JSON is cut anyhow: its parser objects.
 *
 * @param name - At the top, or as `data.pairs` inside objects.
 * @returns `too-large` for more rows, longer rows or deeper nesting than any venue sends, `unreadable` for a list that
 *   does not end or comes twice.
 */
export function cutList(text: string, name: string | undefined): Cut | 'too-large' | 'unreadable' {
  const cut = cutRows(text, name);
  return typeof cut !== 'string' && cut.around.length > mostCharacters ? 'too-large' : cut;
}

/** The same for several lists, one after the other. */
export function cutLists(
  text: string,
  names: readonly string[],
): { readonly around: string; readonly lists: readonly (readonly string[])[] } | 'too-large' | 'unreadable' {
  let around = text;
  const lists: (readonly string[])[] = [];
  for (const name of names) {
    const cut = cutRows(around, name);
    if (typeof cut === 'string') return cut;
    around = cut.around;
    lists.push(cut.rows);
  }
  return around.length > mostCharacters ? 'too-large' : { around, lists };
}

function cutRows(text: string, name: string | undefined): Cut | 'too-large' | 'unreadable' {
  const path = name?.split('.') ?? [];
  const rows: string[] = [];
  /** Names of the path that have come; of one that comes twice nobody knows which counts. */
  let found = 0;
  let inside = 0;
  let enters = -1;
  let depth = 0;
  let from = -1;
  let to = -1;
  let rowFrom = -1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      const wanted = depth === inside + 1 ? path[inside] : undefined;
      if (wanted !== undefined && isKey(text, at, end, wanted)) {
        if (found > inside) return 'unreadable';
        found += 1;
        if (found < path.length) enters = valueAfter(text, end);
        else from = listAfter(text, end);
      }
      at = end;
    } else if (code === openList || code === openObject) {
      depth += 1;
      if (depth > deepest) return 'too-large';
      if (at === from) rowFrom = at + 1;
      if (at === enters && code === openObject) inside += 1;
    } else if (
      depth === path.length + 1 &&
      rowFrom >= 0 &&
      (code === comma || code === closeList || code === closeObject)
    ) {
      const row = text.slice(rowFrom, at);
      const isEmpty = code === closeList && rows.length === 0 && row.trim() === '';
      if (!isEmpty) rows.push(row);
      if (row.length > mostCharacters || rows.length > mostRows) return 'too-large';
      if (code === closeObject) return 'unreadable';
      rowFrom = code === comma ? at + 1 : -1;
      if (code === closeList) {
        to = at;
        depth -= 1;
      }
    } else if (code === closeList || code === closeObject) {
      depth -= 1;
      if (depth <= inside) inside = Math.max(0, depth - 1);
    }
  }
  if (from >= 0 && to < 0) return 'unreadable';
  return { rows, around: from < 0 ? text : `${text.slice(0, from)}[]${text.slice(to + 1)}` };
}

/** @returns where the string that begins at `from` ends */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}

const colon = /\s*:\s*/y;

function isKey(text: string, from: number, end: number, name: string): boolean {
  colon.lastIndex = end + 1;
  return text.slice(from + 1, end) === name && colon.test(text);
}

/** @returns where the value begins that the key before `end` names */
function valueAfter(text: string, end: number): number {
  colon.lastIndex = end + 1;
  colon.test(text);
  return colon.lastIndex;
}

/** @returns where the list begins that the key before `end` names, or -1 */
function listAfter(text: string, end: number): number {
  const at = valueAfter(text, end);
  return text.charCodeAt(at) === openList ? at : -1;
}
