import { closeSync, openSync, writeFileSync } from 'node:fs';
import { type Credentials, credentialsOf } from '../src/account.ts';
import { Failure } from '../src/errors.ts';
import type { CredentialField, KeyCheck, Venue } from '../src/leverage/venue.ts';
import { createScrubber } from '../src/log-scrubber.ts';
import { explain } from '../src/messages.ts';
import type { Secret } from '../src/secret.ts';
import { changeOnce, putBack, reasonOf } from './change.ts';
import { createTelling } from './harmless.ts';
import { openVenue } from './open-venue.ts';
import type { Options } from './options.ts';
import { type Answered, answer, type Bench, type Question, tell } from './question.ts';
import { verdictWords, writeReport } from './report.ts';
import type { Terminal } from './terminal.ts';

type ProbeOptions = {
  readonly options: Options;
  readonly terminal: Terminal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly version: string;
  /** Aborted when its user ends it: what was found until then is written. */
  readonly signal: AbortSignal;
};

/** Every line of the terminal, and the report, go through this. */
type Context = ProbeOptions & { readonly say: (line: string) => void; readonly scrub: (text: string) => string };

/**
 * Asks an exchange what only a real account can tell, and writes a report. Changes nothing, unless `options.change` is
 * given and confirmed: then once.
 *
 * @returns the exit code of the program
 */
export async function runProbe(given: ProbeOptions): Promise<number> {
  const { options, terminal, now, signal } = given;
  const { pin, scrub } = createScrubber();
  const context: Context = { ...given, scrub, say: (line) => terminal.say(scrub(line)) };
  const opened = openVenue(options, now);
  const { venue } = opened;
  const { retires } = venue;
  if (options.playground === undefined && retires !== undefined && now() >= retires.closesAt) {
    context.say(`${venue.label} has ended: nothing is sent to it any more.`);
    return 1;
  }
  introduce(context, venue);
  const report = claimReport(context, venue);
  if (report === undefined) return 1;
  const found: Found = { market: 'none', answers: [] };
  // Written at once: the process ends when its user says so.
  signal.addEventListener('abort', () => finish(context, venue, report, { ...found, ended: interrupted }));
  try {
    await probe(context, opened, found, pin);
    return finish(context, venue, report, found);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'no error';
    finish(context, venue, report, { ...found, ended: `Something unforeseen went wrong (${name}).` });
    throw error;
  } finally {
    closeSync(report.file);
    await opened.close();
  }
}

const interrupted =
  'You ended it. Where "Sending it." was the last word, a change may have been carried out: look at the exchange’s own page.';

function introduce({ say, options }: Context, venue: Venue): void {
  const { playground, change } = options;
  say(`${venue.label}, ${playground === undefined ? 'the exchange itself' : `simulated at ${playground}`}.`);
  say(
    change === undefined
      ? 'This only reads: nothing is changed.'
      : 'This reads first. Then it asks you whether to send one change; without your word nothing is changed.',
  );
}

type Report = { readonly path: string; readonly file: number };

/** Taken before anything is asked, so that nothing is found out in vain. */
function claimReport({ options, now, say }: Context, { id }: Venue): Report | undefined {
  const stamp = new Date(now()).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const path = options.out ?? `probe-${id}-${stamp}.md`;
  try {
    return { path, file: openSync(path, 'wx', 0o600) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    say(code === 'EEXIST' ? `${path} is there already: choose another --out.` : `${path} cannot be written (${code}).`);
    return undefined;
  }
}

const mostTries = 3;

async function askForKey(
  { terminal, say }: Context,
  venue: Venue,
  pin: (secret: Secret) => void,
): Promise<Credentials | undefined> {
  say(`Type or paste the key of ${venue.label}. Nothing of it appears here, and it is kept in memory only.`);
  const fields: Record<string, string> = {};
  for (const field of venue.credentialFields) {
    const secret = await askForField(terminal, field);
    if (secret === undefined) return undefined;
    pin(secret);
    fields[field.name] = secret.reveal();
  }
  return credentialsOf('probe', fields);
}

async function askForField(terminal: Terminal, { label, hint, pattern }: CredentialField): Promise<Secret | undefined> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const typed = await terminal.askHidden(`${label}:`);
    if (typed === undefined || pattern.test(typed.reveal())) return typed;
    terminal.say(`That does not look like one. ${hint}`);
  }
  return undefined;
}

/** What has been found out so far. */
type Found = {
  market: string;
  readonly answers: Answered[];
  change?: { readonly said: readonly string[]; readonly answers: Answered[] };
  ended?: string;
};

type Opened = ReturnType<typeof openVenue>;

async function probe(context: Context, opened: Opened, found: Found, pin: (secret: Secret) => void): Promise<void> {
  const bench = await openBench(context, opened, pin);
  if (typeof bench === 'string') {
    found.ended = bench;
    return;
  }
  const { questions, afterChange } = opened.probed;
  const { say, options, terminal } = context;
  found.market = bench.market.symbol;
  await askAll(context, bench, questions, found.answers);
  const { change: wish } = options;
  if (wish === undefined) return;
  const seenBefore = bench.recorder.seen.length;
  const onSend = () => {
    found.change = { said: [`It was sent to ${bench.market.symbol}. What became of it was not seen.`], answers: [] };
  };
  const change = await changeOnce(bench, wish.setting, { say, ask: terminal.ask, onSend });
  if (change === undefined) {
    say('Nothing was sent.');
    return;
  }
  const back = putBack(bench, options, change);
  found.change = { said: [...change.said, back], answers: [] };
  for (const line of change.said) say(line);
  say('Reading everything again.');
  const sent = { setting: wish.setting, seenBefore };
  // What is subscribed already says nothing anew.
  bench.desks?.close();
  const again = questions.filter(({ isOnce = false }) => !isOnce);
  await askAll(context, { ...bench, sent }, [...afterChange, ...again], found.change.answers);
  say(back);
}

/** @returns why nothing can be asked, where that is so */
async function openBench(context: Context, opened: Opened, pin: (secret: Secret) => void): Promise<Bench | string> {
  const { options } = context;
  const { venue, old, recorder } = opened;
  const credentials = await askForKey(context, venue, pin);
  if (credentials === undefined) return 'No key was typed.';
  const oldCredentials = old && (await askForKey(context, old, pin));
  if (old !== undefined && oldCredentials === undefined) return 'The old key was not typed.';
  const trouble = await checkKey(venue, credentials, options);
  if (trouble !== undefined) return trouble;
  const wanted = options.change?.market ?? options.market ?? venue.exampleSymbol;
  const secrets = [credentials, oldCredentials].flatMap((one) => Object.values(one?.fields ?? {}));
  const telling = createTelling(secrets);
  const market = await readMarket(venue, credentials, wanted);
  if (typeof market === 'string') {
    const last = recorder.seen.at(-1);
    return `The market could not be read (${market})${last === undefined ? '' : `: ${tell({ telling }, last)}`}.`;
  }
  telling.allow([market.symbol, market.base, market.quote]);
  const { api, url } = opened;
  const desks = opened.desksOf(credentials);
  return {
    ...{ venue, credentials, market, recorder, telling, api, url, options: opened.options, waits: options.waits },
    ...(desks && { desks }),
    ...(old && oldCredentials && { old: { venue: old, credentials: oldCredentials } }),
  };
}

/** @returns why nothing more is asked with this key */
async function checkKey(venue: Venue, credentials: Credentials, { change }: Options): Promise<string | undefined> {
  const check = await readKeyCheck(venue, credentials);
  if (check.kind === 'unreachable') return 'The exchange cannot be reached.';
  if (check.kind !== 'refused') return undefined;
  const mayRead = check.reason === 'read-only' || check.reason === 'unknown-right';
  if (mayRead && change === undefined) return undefined;
  const { what, next } = explain({ code: 'KEY_REFUSED', venue: venue.label, reason: check.reason });
  return `${what}. ${next}`;
}

async function readKeyCheck(venue: Venue, credentials: Credentials): Promise<KeyCheck | { kind: 'unreachable' }> {
  try {
    return await venue.checkKey(credentials);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // What came and cannot be read is what the questions are for.
    return { kind: error.data.code === 'VENUE_UNREACHABLE' ? 'unreachable' : 'undecided' };
  }
}

async function readMarket(venue: Venue, credentials: Credentials, text: string) {
  try {
    return await venue.readMarket(credentials, text);
  } catch (error) {
    if (error instanceof Failure) return reasonOf(error.data);
    throw error;
  }
}

/** One after the other: an exchange must not take it for a flood. */
async function askAll(
  { say }: Context,
  bench: Bench,
  questions: readonly Question[],
  answers: Answered[],
): Promise<void> {
  for (const question of questions) {
    const answered = await answer(bench, question);
    say(`  ${verdictWords[answered.finding.verdict].padEnd(10)}  ${question.title}`);
    answers.push(answered);
  }
}

function finish(context: Context, venue: Venue, { path, file }: Report, found: Found): number {
  const { options, now, version, scrub, say } = context;
  const { answers, market, change, ended } = found;
  const text = writeReport({
    ...{ label: venue.label, market, at: now(), isPlayground: options.playground !== undefined, version, answers },
    ...(change && { change }),
    ...(ended !== undefined && { ended }),
  });
  writeFileSync(file, scrub(text));
  if (ended !== undefined) say(`Ended early. ${ended}`);
  const differing = [...answers, ...(change?.answers ?? [])].filter(({ finding }) => finding.verdict === 'different');
  if (differing.length > 0) say(`Different from what the bot takes for granted: ${differing.length} of the answers.`);
  say(`The report: ${path}`);
  return ended === undefined ? 0 : 1;
}
