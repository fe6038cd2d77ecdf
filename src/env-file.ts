/** A line of an env file that does not do what it seems to; `problem` never quotes the line, which may hold a secret. */
type MalformedLine = { readonly line: number; readonly problem: string };

// Not \s: it would also match the byte order mark that some editors put before the first name.
const assignment = /^[ \t]*(export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(.*)$/;

/**
 * Finds what Node's `--env-file` drops or cuts without a word: lines that are no `NAME=value`, quotes that stay open,
 * values that end at a `#`, and names that are set twice.
 *
 * Values of several lines are refused too: no variable of this program needs one.
 *
 * @see https://nodejs.org/docs/latest-v24.x/api/environment_variables.html#env-files
 */
export function malformedEnvLines(text: string): readonly MalformedLine[] {
  const seen = new Set<string>();
  return text.split(/\r?\n/).flatMap((content, index) => {
    const problem = problemOf(content, seen);
    return problem === undefined ? [] : [{ line: index + 1, problem }];
  });
}

function problemOf(content: string, seen: Set<string>): string | undefined {
  if (/^[ \t]*(#|$)/.test(content)) return undefined;
  const [, exported, name, value] = assignment.exec(content) ?? [];
  if (name === undefined || value === undefined) return 'is not of the form NAME=value and is ignored';
  if (seen.has(name)) return `sets ${name} again; only the last one counts`;
  seen.add(name);
  // Measured with Node 24: `export A=` sets a variable called "export A".
  if (exported !== undefined && value === '') return 'has the word export and no value; remove the line';
  return problemOfValue(value);
}

function problemOfValue(value: string): string | undefined {
  // Measured with Node 24: `A=  ` takes the whole next line as its value.
  if (/^\s+$/.test(value)) return 'has only spaces after the =; remove them, or the next line is taken as the value';
  const trimmed = value.trim();
  const quote = trimmed[0];
  if (quote === '"' || quote === "'" || quote === '`') return problemOfQuoted(trimmed, quote);
  return /(^|\S)#/.test(value) ? 'has a # in its value, which ends it there; put the value in quotes' : undefined;
}

function problemOfQuoted(value: string, quote: string): string | undefined {
  const end = value.indexOf(quote, 1);
  if (end === -1) return 'opens a quote that is not closed on the same line';
  return /^\s*(#.*)?$/.test(value.slice(end + 1)) ? undefined : 'has text after its closing quote, which is dropped';
}
