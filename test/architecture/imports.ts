import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './import-table.ts';

/** One import, of a value or a type. `to` is a path from the root of the project, or the name of a library. */
export type Import = { readonly from: string; readonly to: string; readonly isLibrary: boolean };

/** The text of each source by its path from the root of the project. */
export type Sources = ReadonlyMap<string, string>;

type Table = Readonly<Record<string, Row>>;

/** `from`, for its effects alone, a call or a type; and a file that is started or preloaded by its address. */
const specifier =
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom '(?<from>[^']+)'|^\s*import '(?<effect>[^']+)'|\bimport\('(?<call>[^']+)'\)|\bnew URL\('(?<address>[^':]+\.[jt]s)', import\.meta\.url\)/gm;

export function readSources(root: string, folders: readonly string[]): Sources {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const sources = paths.filter((path) => /\.(js|ts)$/.test(path) && !path.includes('node_modules'));
  return new Map(sources.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

export function importsOf(sources: Sources): readonly Import[] {
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(specifier)].map(({ groups = {} }) => {
      const named = groups.from ?? groups.effect ?? groups.call ?? '';
      return groups.address === undefined ? resolve(from, named) : resolve(from, `./${groups.address}`);
    }),
  );
}

function resolve(from: string, named: string): Import {
  if (!named.startsWith('.')) return { from, to: named, isLibrary: true };
  const path = join(from, '..', named);
  const library = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return { from, to: library ?? path, isLibrary: library !== undefined };
}

/** @returns the row of a file: the longest key that its path begins with. */
export function rowOf(table: Table, path: string): string | undefined {
  const keys = Object.keys(table).filter((key) => path.startsWith(key));
  return keys.sort((a, b) => b.length - a.length)[0];
}

/** @returns `row → row (file → file)` or `row → library (file)` for each import that the table does not allow. */
export function forbiddenImports(table: Table, imports: readonly Import[]): readonly string[] {
  return imports.flatMap(({ from, to, isLibrary }) => {
    const row = rowOf(table, from);
    const target = isLibrary ? to : rowOf(table, to);
    const allowed = row === undefined ? undefined : table[row];
    const isAllowed = isLibrary
      ? allowed?.libraries.some((each) => (each.endsWith('*') ? to.startsWith(each.slice(0, -1)) : to === each))
      : target !== undefined && (target === row || allowed?.rows.includes(target));
    return isAllowed ? [] : [`${row} → ${target} (${isLibrary ? from : `${from} → ${to}`})`];
  });
}

/** @returns what the table allows and nobody uses, as `row → row` and `row → library`. */
export function unusedEntries(table: Table, imports: readonly Import[]): readonly string[] {
  return Object.entries(table).flatMap(([key, { rows, libraries }]) => {
    const own = imports.filter(({ from }) => rowOf(table, from) === key);
    const without = (left: Row) => forbiddenImports({ ...table, [key]: left }, own).length;
    const all = without({ rows, libraries });
    return [
      ...rows.filter((row) => without({ rows: rows.filter((each) => each !== row), libraries }) === all),
      ...libraries.filter((each) => without({ rows, libraries: libraries.filter((one) => one !== each) }) === all),
    ].map((entry) => `${key} → ${entry}`);
  });
}

/** @returns each arrow of the table that does not lead down, and each that leads to no row. */
export function risingArrows(table: Table): readonly string[] {
  const order = Object.keys(table);
  return Object.entries(table).flatMap(([key, { rows }]) =>
    rows.filter((row) => order.indexOf(row) <= order.indexOf(key)).map((row) => `${key} → ${row}`),
  );
}

/**
 * @returns the floors of the product, from the ground: on each the folders, and the files beside them, that import only
 * from those below. What stands in a circle, or above one, stands on none.
 */
export function floorsOf(imports: readonly Import[]): readonly (readonly string[])[] {
  const arrows = imports
    .map(({ from, to }) => ({ from: partOf(from), to: partOf(to) }))
    .filter(({ from, to }) => from !== undefined && to !== undefined && from !== to);
  const floors: string[][] = [];
  let above = new Set(arrows.flatMap(({ from = '', to = '' }) => [from, to]));
  while (above.size > 0) {
    const held = new Set(arrows.filter(({ to = '' }) => above.has(to)).map(({ from = '' }) => from));
    if (held.size === above.size) break;
    floors.push([...above].filter((part) => !held.has(part)));
    above = held;
  }
  return floors;
}

/** @returns undefined for a library and for what is built around the product. */
function partOf(path: string): string | undefined {
  return /^(?:commands\/|src\/[^/]+\/?)/.exec(path)?.[0];
}

/** @returns each circle of files that import each other, types included. */
export function circles(imports: readonly Import[]): readonly string[] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const reached = new Map([...targets.keys()].map((from) => [from, reachedFrom(from, targets)]));
  const found = [...reached]
    .filter(([from, all]) => all.has(from))
    .map(([from, all]) => [...all].filter((each) => reached.get(each)?.has(from)).sort());
  return [...new Set(found.map((files) => files.join(', ')))];
}

function reachedFrom(from: string, targets: ReadonlyMap<string, readonly Import[]>): ReadonlySet<string> {
  const all = new Set<string>();
  const open = [from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const fresh = (targets.get(next) ?? []).map(({ to }) => to).filter((to) => !all.has(to));
    for (const to of fresh) all.add(to);
    open.push(...fresh);
  }
  return all;
}
