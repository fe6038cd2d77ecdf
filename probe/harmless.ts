import type { Secret } from '../src/secret.ts';
import type { Exchange } from './recorder.ts';
import { documentedWords } from './shape.ts';

const longest = 160;
const deepest = 20;
const mostTexts = 4;
/** Shorter values are parts of ordinary words. */
const shortestTelling = 4;
const mostTelling = 5_000;

/** The names below which exchanges write what went wrong, in words of their own. */
const errorNames: ReadonlySet<string> = new Set(['error', 'errors', 'message', 'text', 'suberror', 'warnings']);

/** What must not be shown even inside a sentence: the key, and every other value that an exchange sent. */
export type Telling = {
  readonly isTelling: (word: string) => boolean;
  readonly learn: (json: unknown) => void;
  /** What is known to be nobody's secret, such as the market that was asked for. */
  readonly allow: (words: readonly string[]) => void;
};

export function createTelling(secrets: readonly Secret[]): Telling {
  const values = new Set(secrets.map((secret) => secret.reveal().toLowerCase()));
  const known = new Set<string>();
  return {
    allow: (words) => {
      for (const word of words) known.add(word.toLowerCase());
    },
    learn: (json) => {
      for (const value of valuesIn(json)) if (values.size < mostTelling) values.add(value.toLowerCase());
    },
    isTelling: (word) => {
      const wanted = word.toLowerCase();
      if (known.has(wanted) || wanted.length < shortestTelling) return false;
      return [...values].some((value) => value.includes(wanted) || wanted.includes(value));
    },
  };
}

/** Every text and number of a reply but those of its errors; what lies deeper is not shown either. */
function valuesIn(json: unknown, depth = 0): readonly string[] {
  if (typeof json === 'number' || typeof json === 'string') {
    const value = String(json);
    const isTelling = value.length >= shortestTelling && value.length <= 2_000 && !documentedWords.has(value);
    return isTelling ? [value] : [];
  }
  if (json === null || typeof json !== 'object' || depth >= deepest) return [];
  return Object.entries(json).flatMap(([name, value]) => (errorNames.has(name) ? [] : valuesIn(value, depth + 1)));
}

/**
 * The sentences of a reply's errors. An exchange may put anything into them, so each word that has digits in it, that is
 * no word at all, or that stands in the key or in another reply, is left out.
 */
export function errorTexts(json: unknown, telling: Telling): readonly string[] {
  return textsBelow(json, { isError: false, depth: 0 })
    .slice(0, mostTexts)
    .map((text) => harmlessText(text, telling));
}

type Below = { readonly isError: boolean; readonly depth: number };

function textsBelow(json: unknown, { isError, depth }: Below): readonly string[] {
  if (typeof json === 'string') return isError ? [json] : [];
  if (typeof json === 'number') return isError && isCode(json) ? [`code ${json}`] : [];
  if (json === null || typeof json !== 'object' || depth >= deepest) return [];
  const inside = { isError, depth: depth + 1 };
  if (Array.isArray(json)) return json.slice(0, mostTexts).flatMap((row) => textsBelow(row, inside));
  return Object.entries(json).flatMap(([name, value]) => {
    return textsBelow(value, { ...inside, isError: errorNames.has(name) || (isError && name === 'code') });
  });
}

const isCode = (value: number) => Number.isInteger(value) && value >= 0 && value <= 9_999;

function harmlessText(text: string, telling: Telling): string {
  if (/^code [0-9]{1,4}$/.test(text)) return text;
  const words = text.slice(0, longest).split(/\s+/);
  const shown = words.map((word) => (isPlainWord(word) && !telling.isTelling(bare(word)) ? word : '(…)'));
  return `"${shown.join(' ')}${text.length > longest ? ' …' : ''}"`;
}

const bare = (word: string) => word.replace(/^\W+|\W+$/g, '');

/** `Leverage`, `EAPI:Invalid`, `'params.leverage_mode.symbol'`, `nonceBelowThreshold` */
function isPlainWord(word: string): boolean {
  if (!/^['"(]?[A-Za-z][A-Za-z_.:'-]{0,39}['"),.;:!?]{0,3}$/.test(word)) return false;
  return bare(word)
    .split(/[^A-Za-z]+/)
    .every(isWordOrName);
}

/** Names in camel case have few humps and none is short; what is random has many that are. */
function isWordOrName(text: string): boolean {
  const parts = text.split(/(?<=[a-z])(?=[A-Z])/);
  const isShort = parts.length > 1 && parts.some(({ length }) => length < 3);
  return parts.length <= 4 && !isShort && parts.every((part) => /^([A-Z]{0,2}[a-z]{0,16}|[A-Z]{1,12})$/.test(part));
}

/** How a reply is told in one line, without any of its values. */
export function describeReply({ what, reply }: Pick<Exchange, 'what' | 'reply'>): string {
  switch (reply.kind) {
    case 'answered':
      // Frames have no status; that of a connection is the one it was answered with.
      return what.startsWith('WS ') && reply.status === 200 ? 'a frame' : `HTTP ${reply.status}`;
    case 'silent':
      return `no usable answer (${reply.silence})`;
    case 'busy':
      return 'not sent: too many at once';
    case 'not-sent':
      return 'not sent: no connection';
  }
}
