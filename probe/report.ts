import { describeReply } from './harmless.ts';
import type { Answered, Verdict } from './question.ts';
import type { Exchange } from './recorder.ts';
import type { Difference } from './shape.ts';

/** All that was found out. */
type Findings = {
  readonly label: string;
  readonly market: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly isPlayground: boolean;
  readonly version: string;
  readonly answers: readonly Answered[];
  /** What was changed, and the same questions once more. */
  readonly change?: { readonly said: readonly string[]; readonly answers: readonly Answered[] };
  /** Why it ended early. */
  readonly ended?: string;
};

export const verdictWords: Readonly<Record<Verdict, string>> = {
  'as assumed': 'as assumed',
  different: 'DIFFERENT',
  told: 'answered',
  untold: 'not told',
};

const mostFields = 60;
const mostExchanges = 12;

export function writeReport(found: Findings): string {
  const { label, market, at, isPlayground, version, answers, change, ended } = found;
  const time = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const source = isPlayground ? 'the simulated exchange of a playground, which proves nothing' : 'the exchange itself';
  const lines = [
    `# Probe of ${label}, ${time} UTC`,
    '',
    `Asked: ${source}. Market: ${market}. Levergate ${version}, Node ${process.version}.`,
    change === undefined ? 'Nothing was changed.' : 'One change was sent; see below.',
    ...(ended === undefined ? [] : ['', `**Ended early.** ${ended}`]),
    '',
    'Of each reply this holds the names of the fields and what kinds of value they have, never the values: no balance, no',
    'size, no id, nothing of a key. Read it all the same before you hand it on.',
    ...section('What it told', answers),
    ...(change === undefined ? [] : ['', '## The change', '', ...change.said.map((line) => `- ${line}`)]),
    ...(change === undefined ? [] : section('After the change', change.answers)),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, answers: readonly Answered[]): readonly string[] {
  if (answers.length === 0) return [];
  const rows = answers.map(({ question, finding }, index) => {
    return `| ${index + 1} | ${question.title} | ${verdictWords[finding.verdict]} |`;
  });
  const details = answers.flatMap((answered, index) => detail(answered, index + 1));
  return ['', `## ${title}`, '', '| | question | |', '|---|---|---|', ...rows, ...details];
}

function detail({ question, finding, exchanges }: Answered, number: number): readonly string[] {
  const { title, assumed, correct } = question;
  const files = correct.map((file) => `\`${file}\``).join(', ');
  return [
    '',
    `### ${number}. ${title}`,
    '',
    `- Assumed: ${assumed}`,
    `- Found: **${verdictWords[finding.verdict]}**. ${finding.says}`,
    `- ${finding.verdict === 'different' ? 'To be corrected' : 'Where it stands'}: ${files}`,
    ...exchanges.slice(0, mostExchanges).map((exchange) => `- ${tellExchange(exchange)}`),
    ...(exchanges.length > mostExchanges ? [`- and ${exchanges.length - mostExchanges} more requests`] : []),
    ...fieldTable(finding.fields ?? []),
  ];
}

function tellExchange(exchange: Exchange): string {
  return `\`${exchange.what}\`: ${describeReply(exchange)}, ${exchange.ms} ms`;
}

const order: readonly Difference['kind'][] = ['missing', 'other', 'new', 'empty', 'same', 'seen'];

const marks: Readonly<Record<Difference['kind'], string>> = {
  missing: 'MISSING',
  other: 'OTHER',
  new: 'not documented',
  empty: 'empty',
  same: '',
  seen: '',
};

function fieldTable(fields: readonly Difference[]): readonly string[] {
  if (fields.length === 0) return [];
  const sorted = fields.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const shown = sorted.slice(0, mostFields);
  const left = sorted.length - shown.length;
  return [
    '',
    ...(shown.every(({ kind }) => kind === 'seen') ? plainRows(shown) : comparedRows(shown)),
    ...(left > 0 ? ['', `and ${left} more fields`] : []),
  ];
}

function plainRows(fields: readonly Difference[]): readonly string[] {
  return ['| field | came |', '|---|---|', ...fields.map(({ path, came }) => `| \`${path}\` | ${came} |`)];
}

function comparedRows(fields: readonly Difference[]): readonly string[] {
  return [
    ...['| field | documented | came | |', '|---|---|---|---|'],
    ...fields.map(({ path, documented, came, kind }) => `| \`${path}\` | ${documented} | ${came} | ${marks[kind]} |`),
  ];
}
