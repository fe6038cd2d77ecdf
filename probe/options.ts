import { parseArgs } from 'node:util';
import { type LeverageSetting, parseLeverage } from '../src/leverage/setting.ts';
import { type ProbedId, probedIds } from './question.ts';

export type Options = {
  readonly venue: ProbedId;
  /** As it was typed; the venue's example unless told. */
  readonly market?: string;
  readonly out?: string;
  /** What is to be set once, after it was confirmed. */
  readonly change?: { readonly market: string; readonly setting: LeverageSetting };
  /** The origin of a playground on this machine instead of the exchange. */
  readonly playground?: string;
  /** Whether the key for the API that came before is asked for as well. */
  readonly compares: boolean;
  /** Whether connections are left alone for a few minutes, to see when they are closed. */
  readonly waits: boolean;
};

export const usage = `npm run probe -- VENUE [--market MARKET] [--out FILE] [--set MARKET LEVERAGE] [--wait] [--compare] [--playground URL]

VENUE         one of ${probedIds.join(', ')}
--market      the market to read; the venue's main one unless told
--out         where the report goes; never over a file that is there
--set         sets this market once to LEVERAGE (or to cross) after you have confirmed it; nothing is changed without it
--wait        also leaves connections alone until they are closed, which takes minutes (kraken)
--compare     also asks for the account's old key, and what the old API shows (kraken)
--playground  asks the simulated exchange of a playground, such as http://127.0.0.1:4400

The key is typed when it is asked for. It is never an argument and never a variable of the environment.`;

/** @returns the options, or what is wrong with them. What was typed is never repeated: it could be a key. */
export function readOptions(parameters: readonly string[]): Options | string {
  const typed = parse(parameters);
  if (typed === undefined) return 'These arguments are not known.';
  const { values, positionals } = typed;
  const [name, leverage, ...others] = positionals;
  const venue = probedIds.find((id) => id === name);
  if (venue === undefined) return `The first argument is one of ${probedIds.join(', ')}.`;
  const { market, out, set, wait = false, compare = false, playground } = values;
  if (others.length > 0 || (set === undefined) !== (leverage === undefined))
    return 'After --set stand a market and a leverage; nothing else stands alone.';
  const setting = leverage === undefined ? undefined : settingOf(leverage);
  if (leverage !== undefined && setting === undefined) return 'LEVERAGE is a plain number such as 2 or 2.5, or cross.';
  const origin = playground === undefined ? undefined : loopbackOrigin(playground);
  if (playground !== undefined && origin === undefined)
    return 'After --playground stands an address of this machine, such as http://127.0.0.1:4400.';
  return {
    venue,
    waits: wait,
    compares: compare,
    ...(market !== undefined && { market }),
    ...(out !== undefined && { out }),
    ...(set !== undefined && setting !== undefined && { change: { market: set, setting } }),
    ...(origin !== undefined && { playground: origin }),
  };
}

function parse(parameters: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    ...{ market: text, out: text, set: text, playground: text },
    wait: { type: 'boolean' },
    compare: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...parameters], options, allowPositionals: true });
  } catch {
    return undefined;
  }
}

function settingOf(text: string): LeverageSetting | undefined {
  if (text === 'cross') return { mode: 'cross' };
  const leverage = parseLeverage(text);
  return leverage === undefined ? undefined : { mode: 'isolated', leverage };
}

/** A key goes to the exchange itself or stays on this machine: no other address is taken. */
function loopbackOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  const isLoopback = url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  return isLoopback ? url.origin : undefined;
}
