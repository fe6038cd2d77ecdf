import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Desk } from './desk.ts';
import type { JournalEvent } from './journal.ts';
import type { Trace } from './trace.ts';

// A note that could not be taken on a broken disk is logged and foreseen.
const foreseen = /"message":"STORE_UNAVAILABLE"/;
const alarms = /"(uncaught exception|unhandled rejection|an unexpected error|an interaction was not answered)"/;

const auditLine = z.object({
  msg: z.literal('outcome'),
  user: z.string(),
  venue: z.string(),
  market: z.string(),
  to: z.string(),
  outcome: z.string(),
});

/** Looks at a line that the bot printed: no secret, and nothing that nobody foresaw. */
export function inspectLine(desk: Desk, line: string, trace: Trace): void {
  trace.bot(line);
  const audit = auditLine.safeParse(parse(line)).data;
  if (audit !== undefined) desk.journal.audited(audit);
  report(desk, line, 'was printed');
  const [, alarm] = alarms.exec(line) ?? [];
  if (alarm !== undefined && !foreseen.test(line))
    desk.violate({ rule: 'clean-process', what: `${alarm}: ${line.slice(0, 600)}` });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Looks for secrets in what the bot serves to anybody on its machine. */
export async function inspectPages(desk: Desk, webUrl: string | undefined): Promise<void> {
  if (webUrl === undefined) return;
  const headers = { authorization: `Bearer ${desk.secrets.metricsToken}` };
  for (const page of ['/metrics', '/readyz']) {
    report(desk, await (await fetch(`${webUrl}${page}`, { headers })).text(), `stands on ${page}`);
  }
}

/** Looks for secrets in the database's own files. */
export function inspectFiles(desk: Desk, directory: string): void {
  for (const name of readdirSync(directory).filter((each) => each.startsWith('levergate.db'))) {
    report(desk, readFileSync(join(directory, name), 'latin1'), `is readable in ${name}`);
  }
}

function report({ leaks, violate }: Desk, text: string, where: string): void {
  const leak = leaks.find(text) ?? leaks.findToken(text);
  if (leak !== undefined) violate({ rule: 'no-secret', what: `${leak} ${where}` });
}

/** One event of the journal as a line of the trace. */
export function describeEvent(event: JournalEvent): string {
  switch (event.kind) {
    case 'pressed':
      return `${event.press.user} pressed ${event.press.verb} on ${event.press.proposal} (${event.press.interactionId})`;
    case 'acked':
    case 'turned-away':
      return `${event.kind} ${event.interactionId}`;
    case 'sighted':
    case 'told': {
      const { interactionId, place, meaning, title } = event.said;
      return `${event.kind} ${meaning} "${title}" to ${interactionId}/${place}`;
    }
    case 'attempt':
      return `write of ${event.attempt.value} for ${event.attempt.spot.market} of ${event.attempt.spot.user}`;
    case 'read':
      return `read of ${event.read.market ?? 'all'} by ${event.read.user}`;
    case 'token':
    case 'frame':
      return `${event.kind} for ${event.user} at ${event.venue}`;
  }
}
