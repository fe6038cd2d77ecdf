import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const model = join(root, 'docs/paper-venue');
const document = readFileSync(join(root, 'docs/adding-a-venue.md'), 'utf8');

/** What the type check and the tests of the copy need. */
const copied = [
  ...['src', 'commands', 'simulators', 'test', 'playground', 'torture', 'bench', 'probe', 'docs'],
  ...[
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
    '.env.example',
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
  ],
];

type Patch = { readonly file: string; readonly lines: readonly string[] };

/** The lines that the document adds to files which are there, each below the line that stands before it. */
const patches: readonly Patch[] = [...document.matchAll(/```diff\n--- (?<file>\S+)\n(?<lines>[\s\S]*?)\n```/g)].map(
  ({ groups }) => ({ file: groups?.file ?? '', lines: (groups?.lines ?? '').split('\n') }),
);
const modelFiles = readdirSync(model, { recursive: true, encoding: 'utf8' }).filter((path) =>
  statSync(join(model, path)).isFile(),
);

function patched(text: string, { file, lines }: Patch): string {
  const found = text.split('\n');
  let at = -1;
  for (const line of lines) {
    at += 1;
    if (line.startsWith('+')) found.splice(at, 0, line.slice(1));
    else at = found.indexOf(line.slice(1), at);
    if (at < 0) throw new Error(`${file} has no line ${line}`);
  }
  return found.join('\n');
}

type Omission = {
  readonly step: string;
  readonly file: string;
  readonly change: (text: string) => string;
  readonly complaint: string;
};

const without = (part: string) => (text: string) => text.replace(part, '');
const withoutAdded = (file: string) => (text: string) =>
  patches
    .filter((patch) => patch.file === file)
    .flatMap(({ lines }) => lines.filter((line) => line.startsWith('+')))
    .reduce((left, line) => left.replace(`${line.slice(1)}\n`, ''), text);

/** Steps that somebody may forget, each with what the compiler says then. */
const omissions: readonly Omission[] = [
  {
    step: 'the line of the venue’s registry',
    file: 'src/venues/index.ts',
    change: withoutAdded('src/venues/index.ts'),
    complaint: "'paper' does not exist",
  },
  {
    step: 'the line of the simulators’ registry',
    file: 'simulators/venues/index.ts',
    change: withoutAdded('simulators/venues/index.ts'),
    complaint: "'paper' is missing",
  },
  {
    step: 'a fact of the venue',
    file: 'src/venues/paper.ts',
    change: without("  unlisted: 'unset',\n"),
    complaint: "'unlisted' is missing",
  },
  {
    step: 'a call of the venue',
    file: 'src/venues/paper.ts',
    change: without('    checkKey: (credentials) => checkKey(paper, credentials),\n'),
    complaint: "'checkKey' is missing",
  },
  {
    step: 'a fact of the simulator',
    file: 'simulators/venues/paper.ts',
    change: without(" bitcoin: 'BTCUSD',"),
    complaint: "'bitcoin' is missing",
  },
  {
    step: 'a control of the simulator',
    file: 'simulators/venues/paper.ts',
    change: without('    setBounds: (market, { max }) => void markets.set(market, max),\n'),
    complaint: "'setBounds' is missing",
  },
];

let copy = '';
/** What the type check says of the copy and of its parts that lack a step, by the folder of each; '' is the copy. */
let complaints: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'levergate-venue-'));
  for (const name of copied) {
    cpSync(join(root, name), join(copy, name), { recursive: true, filter: (path) => !path.includes('node_modules') });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const file of modelFiles) cpSync(join(model, file), join(copy, file));
  for (const patch of patches) edit(patch.file, (text) => patched(text, patch));
  complaints = await checkTypes();
}, 180_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function edit(file: string, change: (text: string) => string): void {
  const before = readFileSync(join(copy, file), 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${file} stays as it is`);
  writeFileSync(join(copy, file), after);
}

/** All in one program: most of a type check is reading the libraries. */
async function checkTypes(): Promise<typeof complaints> {
  for (const [index, { file, change }] of omissions.entries()) {
    for (const part of ['src', 'simulators'])
      cpSync(join(copy, part), join(copy, folderOf(index), part), { recursive: true });
    edit(`${folderOf(index)}/${file}`, change);
  }
  edit('tsconfig.json', (text) =>
    text.replace('"include": [', '"include": ["without/*/src/venues", "without/*/simulators/venues", '),
  );
  const { said } = await run('tsc', '-p', '.', '--pretty', 'false');
  const folders = ['', ...omissions.map((_one, index) => folderOf(index))];
  // Indented lines go on with the one before.
  const lines = said.split(/\n(?! )/).filter((line) => line !== '');
  const ofFolder = (folder: string) => (line: string) => (/^without\/\d+(?=\/)/.exec(line)?.[0] ?? '') === folder;
  return new Map(folders.map((folder) => [folder, lines.filter(ofFolder(folder))]));
}

const folderOf = (index: number) => `without/${index}`;

/** @returns what a program of the copy said, and how it ended */
async function run(
  program: string,
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly said: string }> {
  const file = join(copy, 'node_modules/.bin', program);
  const env = { ...process.env, NO_COLOR: '1' };
  try {
    const { stdout } = await promisify(execFile)(file, args, { cwd: copy, env });
    return { code: 0, said: stdout };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'stdout' in error)) throw error;
    return { code: error.code, said: String(error.stdout) };
  }
}

test('the document names every file that its model adds or changes, and no other', () => {
  const named = [...document.matchAll(/^\| `(?<file>[^`]+)` \|/gm)].map(({ groups }) => groups?.file ?? '');
  const touched = [...modelFiles, ...patches.map(({ file }) => file)];
  expect(named.map((file) => file.replace('NAME', 'paper')).sort()).toEqual([...touched].sort());
});

test('a venue that is added word for word passes the type check, wherever venues are named', () => {
  expect(complaints.get('')).toEqual([]);
});

test('it keeps the contract, its variables are read, and a change goes from the command to the receipt', async () => {
  const suites = ['venues/paper', 'e2e/paper', 'venues/index', 'config'].map((name) => `test/${name}.test.ts`);
  const { code, said } = await run('vitest', 'run', ...suites);
  expect(said).toMatch(/Test Files +4 passed \(4\)/);
  expect(code).toBe(0);
}, 180_000);

test.each(omissions.map((omission, index) => ({ ...omission, folder: folderOf(index) })))(
  'the type check fails without $step',
  ({ folder, complaint }) => {
    expect(complaints.get(folder)?.join('\n')).toContain(complaint);
  },
);
