import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Credentials } from '../src/account.ts';
import { Failure } from '../src/errors.ts';
import type { Market } from '../src/leverage/market.ts';
import type { LeverageSetting } from '../src/leverage/setting.ts';
import type { Venue } from '../src/leverage/venue.ts';
import { parseJson } from '../src/parse-json.ts';
import type { ReadRequest, VenueApi, VenueDefinition, VenueOptions, VenueUrl } from '../src/venues/venue-api.ts';
import type { Answer } from '../src/venues/verdict.ts';
import type { Desks } from './desk.ts';
import { describeReply, errorTexts, type Telling } from './harmless.ts';
import type { Exchange, Recorder } from './recorder.ts';
import { compare, type Difference, describeShape, shapeOf } from './shape.ts';

/** The exchanges that can be asked. */
export const probedIds = ['kraken', 'kraken-futures', 'mudrex'] as const;
export type ProbedId = (typeof probedIds)[number];

/** What the questions are asked with. */
export type Bench = {
  readonly venue: Venue;
  readonly credentials: Credentials;
  readonly market: Market;
  readonly recorder: Recorder;
  readonly telling: Telling;
  /** For requests that the venue's adapter does not make; the same connections, limits and deadlines. */
  readonly api: VenueApi;
  /** What the adapter was built with: recorded connections. */
  readonly options: VenueOptions;
  /** The exchange's base address, or that of a playground. */
  readonly url: string;
  /** Connections to its sockets, where it has any. */
  readonly desks?: Desks;
  /** Whether connections may be left alone for minutes. */
  readonly waits: boolean;
  /** The account's key for the API that came before, where that is to be compared. */
  readonly old?: { readonly venue: Venue; readonly credentials: Credentials };
  /** What has been sent, and how much had been seen before. */
  readonly sent?: { readonly setting: LeverageSetting; readonly seenBefore: number };
};

/** Something that only a real account can tell. */
export type Question = {
  readonly title: string;
  /** What the documentation says, or what the bot takes for granted. */
  readonly assumed: string;
  /** What to correct when it is otherwise: files from the root of the project. */
  readonly correct: readonly string[];
  /** Not asked again after a change: what is refused may count against the key. */
  readonly isOnce?: boolean;
  readonly ask: (bench: Bench) => Promise<Finding>;
};

/** An exchange with its open questions. */
export type ProbedVenue = {
  readonly definition: VenueDefinition;
  /** The exchange's API that came before, with which it can be compared. */
  readonly old?: ProbedId;
  /** Its own base address. */
  readonly url: VenueUrl;
  /** The shortest time between two requests, in milliseconds. */
  readonly gapMs: number;
  /** Each changes nothing. */
  readonly questions: readonly Question[];
  /** About what the change itself answered: asked right after it, and sends nothing. */
  readonly afterChange: readonly Question[];
};

/** `told` answers a question that had no assumption; `untold` needs another account, or another state of this one. */
export type Verdict = 'as assumed' | 'different' | 'told' | 'untold';

export type Finding = {
  readonly verdict: Verdict;
  /** Of our own words, and of what `harmless.ts` lets through. */
  readonly says: string;
  readonly fields?: readonly Difference[];
};

export type Answered = {
  readonly question: Question;
  readonly finding: Finding;
  readonly exchanges: readonly Exchange[];
};

export const told = (says: string): Finding => ({ verdict: 'told', says });
export const untold = (says: string): Finding => ({ verdict: 'untold', says });
export const asAssumed = (says: string): Finding => ({ verdict: 'as assumed', says });
export const different = (says: string): Finding => ({ verdict: 'different', says });

/** Asks one question; what goes wrong on the way is an answer, too. */
export async function answer(bench: Bench, question: Question): Promise<Answered> {
  const { seen } = bench.recorder;
  const before = seen.length;
  const finding = await ask(bench, question);
  const exchanges = seen.slice(before);
  const last = exchanges.at(-1);
  const fields = finding.fields ?? (last === undefined ? [] : describeShape(shapeOf(jsonOf(bench, last))));
  return { question, finding: { ...finding, fields }, exchanges };
}

async function ask(bench: Bench, question: Question): Promise<Finding> {
  try {
    return await question.ask(bench);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return failed(bench, error);
  }
}

/** The bot could not use what came: with a shape in hand that is a difference, without an answer nothing is known. */
function failed(bench: Bench, { data }: Failure): Finding {
  const last = bench.recorder.seen.at(-1);
  if (data.code === 'VENUE_UNREACHABLE' || data.code === 'VENUE_BUSY' || last === undefined) {
    return untold(`Not asked: ${data.code}.`);
  }
  const reason = data.code === 'VENUE_REFUSED' ? data.refusal : data.code === 'VENUE_SILENT' ? data.silence : data.code;
  return different(`The bot could not use the answer (${reason}): ${tell(bench, last)}.`);
}

/** Hands an answer on as it is. */
export function askRaw({ api }: Bench, request: ReadRequest): Promise<Answer> {
  return api.read(request, (reply) => ({ kind: 'ok', value: reply }));
}

/** The newest reply whose request contains this. */
export function newest({ recorder }: Bench, part = ''): Exchange | undefined {
  return recorder.seen.findLast(({ what }) => what.includes(part));
}

/** The newest reply to such a request before the change that was sent. */
export function newestBefore({ recorder, sent }: Bench, part: string): Exchange | undefined {
  return recorder.seen.slice(0, sent?.seenBefore ?? 0).findLast(({ what }) => what.includes(part));
}

/** @returns what a reply says as JSON, from which nothing may be shown but through `shape.ts` and `harmless.ts` */
export function jsonOf({ telling }: Pick<Bench, 'telling'>, { reply }: Exchange): unknown {
  const json = reply.kind === 'answered' ? parseJson(reply.text) : undefined;
  telling.learn(json);
  return json;
}

/** "HTTP 400, "leverage not found"" */
export function tell(bench: Pick<Bench, 'telling'>, exchange: Exchange): string {
  const texts = errorTexts(jsonOf(bench, exchange), bench.telling);
  return [describeReply(exchange), ...texts].join(', ');
}

/** A documented reply, as the tests of the venue read it. */
export type Documented = {
  readonly file: string;
  readonly entries: readonly string[];
  /** Other statuses that are no surprise. */
  readonly statuses?: readonly number[];
  /** Whether only the status counts of an error, not its words. */
  readonly isWordless?: boolean;
};

const fixtureSchema = z.record(z.string(), z.object({ status: z.number().optional(), body: z.unknown() }));

function readFixtures({ file, entries }: Documented) {
  const all = fixtureSchema.parse(JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')));
  return entries.map((name) => {
    const fixture = all[name];
    if (fixture === undefined) throw new Error(`${file} has no ${name}`);
    return { name, ...fixture };
  });
}

/** Holds what came against each documented reply, and takes the one that is nearest. */
export function againstFixture(bench: Bench, documented: Documented, exchange: Exchange | undefined): Finding {
  if (exchange?.reply.kind !== 'answered') return untold('No answer came that could be compared.');
  const { status } = exchange.reply;
  const { statuses = [], isWordless = false } = documented;
  const json = jsonOf(bench, exchange);
  const came = shapeOf(json);
  const [nearest] = readFixtures(documented)
    .map(({ name, status: usual = 200, body }) => {
      const fields = compare(shapeOf(body), came);
      const off = fields.filter(({ kind }) => kind === 'missing' || kind === 'other').length;
      const isOtherText = !isWordless && wordsOf(bench, body, usual) !== wordsOf(bench, json, status);
      return { name, fields, off, isOtherStatus: ![usual, ...statuses].includes(status), isOtherText };
    })
    .toSorted((a, b) => a.off - b.off || Number(a.isOtherStatus) - Number(b.isOtherStatus));
  if (nearest === undefined) throw new Error(`nothing is documented in ${documented.file}`);
  const { name, fields, off, isOtherStatus, isOtherText } = nearest;
  const says = [
    `Held against "${name}": ${tell(bench, exchange)}.`,
    ...(off > 0 ? [`Documented fields that are missing or of another kind: ${off}.`] : []),
    ...(isOtherStatus ? ['The HTTP status is another one.'] : []),
    ...(isOtherText ? ['The words of the error are others.'] : []),
    ...(fields.some(({ kind }) => kind === 'empty') ? ['Parts of it were empty, so they tell nothing.'] : []),
  ].join(' ');
  const isOther = off > 0 || isOtherStatus || isOtherText;
  return { verdict: isOther ? 'different' : isWhollyEmpty(fields) ? 'untold' : 'as assumed', says, fields };
}

/** What the errors say, without a code that only repeats the HTTP status. */
function wordsOf({ telling }: Bench, json: unknown, status: number): string {
  const texts = errorTexts(json, telling).filter((text) => text !== `code ${status}`);
  return texts.join(', ').toLowerCase();
}

/** Whether a list that would show most of it has no row. */
function isWhollyEmpty(fields: readonly Difference[]): boolean {
  const isInside = ({ path, kind }: Difference) => kind === 'same' && /[.[]/.test(path);
  return fields.some(({ kind }) => kind === 'empty') && !fields.some(isInside);
}
