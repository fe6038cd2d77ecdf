/** What a reply looks like without what it says: each field's path, and what kinds of value stand there. */
type Shape = ReadonlyMap<string, Field>;

export type Field = {
  readonly kinds: ReadonlySet<string>;
  /** Words that the exchanges document, such as `ISOLATED`. */
  readonly words: ReadonlySet<string>;
  /** Whether each object that could hold it does. */
  readonly isAlways: boolean;
};

type Growing = { readonly kinds: Set<string>; readonly words: Set<string>; times: number; readonly parent: string };
type Walk = { readonly fields: Map<string, Growing>; readonly objects: Map<string, number> };

const deepest = 8;
const mostFields = 250;
const mostRows = 2_000;

/**
 * Texts that say nothing about anybody: words of the exchanges' documentation. Every other value is left out, whatever
 * it looks like.
 */
export const documentedWords: ReadonlySet<string> = new Set([
  ...['success', 'error', 'ISOLATED', 'CROSS', 'USDT', 'INR', 'NO_ACCESS', 'READ_ONLY', 'FULL_ACCESS'],
  ...['flexible_futures', 'futures_inverse', 'enabled', 'reduce_only', 'disabled', 'online', 'cancel_only'],
  ...[
    'maintenance',
    'post_only',
    'limit_only',
    'snapshot',
    'update',
    'status',
    'heartbeat',
    'preferences',
    'positions',
  ],
  ...['executions', 'margin', 'instrument', 'ticker', 'subscribe', 'unsubscribe', 'set_preference', 'pong', 'v2'],
  ...['derivatives', 'multi_collateral', 'single_collateral', 'futures_permission'],
  ...['create-ws-token', 'modify-trades', 'close-trades', 'query-open-trades', 'query-closed-trades', 'query-funds'],
  ...['withdraw-funds', 'add-withdraw-address', 'update-withdraw-address', 'add-funds', 'earn-funds', 'query-ledger'],
  'export-data',
]);

/** Lists are walked row by row, so that one line stands for all of them. */
export function shapeOf(json: unknown): Shape {
  const walk: Walk = { fields: new Map(), objects: new Map() };
  visit(walk, json, { path: '', parent: '', depth: 0 });
  return new Map(
    [...walk.fields].map(([path, { kinds, words, times, parent }]) => {
      return [path, { kinds, words, isAlways: times >= (walk.objects.get(parent) ?? 0) }];
    }),
  );
}

type Place = { readonly path: string; readonly parent: string; readonly depth: number };

function visit(walk: Walk, value: unknown, { path, parent, depth }: Place): void {
  if (!walk.fields.has(path) && walk.fields.size >= mostFields) return;
  const field = walk.fields.get(path) ?? { kinds: new Set(), words: new Set(), times: 0, parent };
  walk.fields.set(path, field);
  field.kinds.add(kindOf(value));
  field.times += 1;
  if (typeof value === 'string' && documentedWords.has(value)) field.words.add(value);
  if (value === null || typeof value !== 'object' || depth >= deepest) return;
  if (Array.isArray(value)) {
    for (const row of value.slice(0, mostRows)) visit(walk, row, { path: `${path}[]`, parent: path, depth: depth + 1 });
    return;
  }
  walk.objects.set(path, (walk.objects.get(path) ?? 0) + 1);
  for (const [name, part] of Object.entries(value)) {
    const inner = `${path}${path === '' ? '' : '.'}${harmlessName(name)}`;
    visit(walk, part, { path: inner, parent: path, depth: depth + 1 });
  }
}

/** A field's name, unless it could be a value: an id, a token, a currency pair. */
function harmlessName(name: string): string {
  const isWord = /^[A-Za-z][A-Za-z_]{0,31}[0-9]?$/.test(name) && !/[A-Z]{12}/.test(name);
  return isWord ? name : '(name)';
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : 'list';
  switch (typeof value) {
    case 'string':
      return kindOfText(value);
    case 'number':
      return 'number';
    case 'boolean':
      return 'true or false';
    default:
      return 'object';
  }
}

function kindOfText(text: string): string {
  if (text === '') return 'empty text';
  if (/^-?[0-9]{1,18}(\.[0-9]{1,18})?$/.test(text)) return 'text: a number';
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}T/.test(text)) return 'text: a time';
  return 'text';
}

/** How what came differs from what is documented. */
export type Difference = {
  readonly path: string;
  readonly documented: string;
  readonly came: string;
  /** `new` is no trouble by itself; `empty` could not be compared, and for `seen` there is nothing to compare with. */
  readonly kind: 'same' | 'other' | 'missing' | 'new' | 'empty' | 'seen';
};

const nothing: ReadonlySet<string> = new Set(['null', 'empty list', 'empty text']);

export function compare(documented: Shape, came: Shape): readonly Difference[] {
  const paths = [...new Set([...documented.keys(), ...came.keys()])];
  return paths.flatMap((path) => {
    const [expected, found] = [documented.get(path), came.get(path)];
    if (found === undefined && isBelowNothing(came, path)) return [];
    return [
      { path: path || '(all of it)', documented: show(expected), came: show(found), kind: judge(expected, found) },
    ];
  });
}

function judge(expected: Field | undefined, found: Field | undefined): Difference['kind'] {
  if (expected === undefined) return 'new';
  if (found === undefined) return expected.isAlways ? 'missing' : 'empty';
  const kinds = [...found.kinds];
  // What was empty in the example can hold anything.
  if ([...expected.kinds].every((kind) => nothing.has(kind))) return 'same';
  if (kinds.every((kind) => nothing.has(kind)) && !kinds.some((kind) => expected.kinds.has(kind))) return 'empty';
  const plain = new Set([...expected.kinds].map(plainKind));
  const isKnown = (kind: string) => plain.has(plainKind(kind)) || (plain.has('text') && kind.startsWith('text'));
  return kinds.every((kind) => nothing.has(kind) || isKnown(kind)) ? 'same' : 'other';
}

/** A time is as good as any other text; numbers come as numbers and as texts, and the bot reads both. */
function plainKind(kind: string): string {
  if (kind === 'text: a number') return 'number';
  return kind === 'text: a time' || kind === 'empty text' ? 'text' : kind.replace('empty list', 'list');
}

/** Whether a list or an object further up is empty, so that nothing can stand here. */
function isBelowNothing(came: Shape, path: string): boolean {
  const above = [...path.matchAll(/\.|\[\]/g)].map(({ index }) => path.slice(0, index));
  return ['', ...above].some((parent) => {
    const found = came.get(parent);
    return found === undefined ? parent !== '' : [...found.kinds].every((kind) => nothing.has(kind));
  });
}

function show(field: Field | undefined): string {
  if (field === undefined) return '–';
  const words = [...field.words].slice(0, 8).map((word) => `"${word}"`);
  const kinds = [...field.kinds].join(' or ');
  return `${kinds}${words.length > 0 ? ` (${words.join(', ')})` : ''}${field.isAlways ? '' : ', not always'}`;
}

/** Of a reply for which nothing is documented. */
export function describeShape(shape: Shape): readonly Difference[] {
  return [...shape].map(([path, field]) => {
    return { path: path || '(all of it)', documented: '–', came: show(field), kind: 'seen' };
  });
}
