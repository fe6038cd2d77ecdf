/** What a figure is measured in; `×` is a ratio, and an empty one a plain count. */
export type Unit = '×' | 'µs' | 'ms' | 's' | '/s' | 'MiB' | '%' | '';

export type Aim = { readonly atMost: number } | { readonly atLeast: number };

/** One number of the bench. `key` is its name in the JSON and never changes with the words around it. */
export type Figure = { readonly key: string; readonly value: number; readonly unit: Unit; readonly aim?: Aim };

/** A figure with its words, for the table of ratios and aims. */
export type Finding = Figure & { readonly says: string };

/** Absolute figures side by side: they depend on the machine and are context only. */
export type Row = { readonly says: string; readonly figures: readonly Figure[] };
export type Table = { readonly columns: readonly string[]; readonly rows: readonly Row[] };

/** One of the bench's measurements, ratios and aims first. */
export type Measurement = {
  readonly name: string;
  readonly title: string;
  readonly findings: readonly Finding[];
  readonly context: Table;
};

export type Settings = {
  readonly rounds: number;
  readonly isLong: boolean;
  readonly directory: string;
  readonly progress: (text: string) => void;
};

/** @returns undefined for a figure without an aim */
export function isMet({ value, aim }: Figure): boolean | undefined {
  if (aim === undefined) return undefined;
  return 'atMost' in aim ? value <= aim.atMost : value >= aim.atLeast;
}

export function figuresOf({ findings, context }: Measurement): readonly Figure[] {
  return [...findings, ...context.rows.flatMap(({ figures }) => figures)];
}

/** As many digits as mean something: three for small numbers, none behind the point for large ones. */
export function showValue({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const digits = unit === '' ? 0 : Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return `${value.toFixed(digits)}${unit === '' || unit === '×' || unit === '%' ? '' : ' '}${unit}`;
}

export function showAim(aim: Aim, unit: Unit): string {
  const [sign, bound] = 'atMost' in aim ? ['≤', aim.atMost] : ['≥', aim.atLeast];
  return `${sign} ${bound}${unit === '' || unit === '×' || unit === '%' ? '' : ' '}${unit}`;
}
