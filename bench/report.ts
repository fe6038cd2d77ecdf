import { type Figure, figuresOf, isMet, type Measurement, type Row, showAim, showValue } from './figures.ts';
import type { Machine } from './machine.ts';

export type Run = {
  readonly machine: Machine;
  readonly date: string;
  readonly command: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly measurements: readonly Measurement[];
};

/** One key for each figure; the aims that were missed stand beside them. */
export function toJson({ measurements, ...about }: Run): string {
  const figures = measurements.flatMap(figuresOf);
  const aims = figures.flatMap(({ key, aim, ...rest }) => {
    const met = isMet({ key, ...rest, ...(aim && { aim }) });
    return aim === undefined ? [] : [[key, { ...aim, met }] as const];
  });
  return JSON.stringify(
    {
      ...about,
      figures: Object.fromEntries(figures.map(({ key, value }) => [key, round(value)])),
      units: Object.fromEntries(figures.map(({ key, unit }) => [key, unit])),
      aims: Object.fromEntries(aims),
    },
    null,
    2,
  );
}

/** JSON has no infinity: what never happened is null. */
const round = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null);

/** The tables of one run, for a terminal as well as for docs/performance.md. */
export function toMarkdown(run: Run): string {
  const { machine, date, command, rounds, seconds, measurements } = run;
  const load = machine.load.map((value) => value.toFixed(1)).join(', ');
  const about = [
    `- ${date}, \`${command}\`: medians of ${rounds} rounds (some measurements take fewer), ${Math.round(seconds)} s in all`,
    `- ${machine.cpus} cores (${machine.cpu}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    `- load average before and after: ${load}`,
  ];
  return `${[about.join('\n'), ...measurements.map(section)].join('\n\n')}\n`;
}

function section({ title, findings, context }: Measurement): string {
  const aimed = findings.map((finding) => [
    finding.says,
    showValue(finding),
    finding.aim === undefined ? '' : showAim(finding.aim, finding.unit),
    metWord(finding),
  ]);
  const rows = context.rows.map(({ says, figures }: Row) => [says, ...figures.map(showValue)]);
  return [
    `### ${title}`,
    table(['', 'result', 'aim', 'met'], aimed),
    'Absolute figures, as context:',
    table(['', ...context.columns], rows),
  ].join('\n\n');
}

function metWord(figure: Figure): string {
  const met = isMet(figure);
  if (met === undefined) return '';
  return met ? 'yes' : '**no**';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, index) => (index === 0 ? '---' : '---:')));
  return [line(head), rule, ...rows.map(line)].join('\n');
}

const BEGIN = '<!-- written by npm run bench -- --markdown -->';
const END = '<!-- end of what the bench wrote -->';

/** @returns the document with its generated block replaced. @throws Error when it has none */
export function replaceBlock(document: string, block: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the document has no block between "${BEGIN}" and "${END}"`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${block}\n${document.slice(end)}`;
}
