import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Secret } from '../src/secret.ts';

/** Where a person reads and types. */
export type Terminal = {
  readonly say: (line: string) => void;
  /** @returns what was typed, shown while it is; undefined when the input has ended */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** The same for a secret: nothing that is typed appears. */
  readonly askHidden: (question: string) => Promise<Secret | undefined>;
  readonly close: () => void;
};

type TerminalStreams = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  /** Ctrl+C. */
  readonly onInterrupt: () => void;
};

/**
 * On a terminal, what is typed passes readline's line editor, whose echo goes nowhere while a secret is typed. A pipe has
 * no echo: its lines are taken as they come.
 */
export function createTerminal({ input, output, onInterrupt }: TerminalStreams): Terminal {
  let isHidden = true;
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!isHidden) output.write(chunk);
      done();
    },
  });
  const editor = createInterface({ input, output: echo, terminal: input.isTTY === true, historySize: 0 });
  editor.on('SIGINT', onInterrupt);
  const lines = editor[Symbol.asyncIterator]();
  const say = (line: string) => void output.write(`${line}\n`);

  async function readLine(question: string, hides: boolean): Promise<string | undefined> {
    output.write(`${question} `);
    isHidden = hides;
    const { value, done } = await lines.next();
    isHidden = true;
    if (hides || done || input.isTTY !== true) output.write('\n');
    return done ? undefined : value;
  }

  return {
    say,
    ask: (question) => readLine(question, false),
    askHidden: async (question) => {
      const line = await readLine(question, true);
      return line === undefined ? undefined : new Secret(line.trim());
    },
    close: () => editor.close(),
  };
}
