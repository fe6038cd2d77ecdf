import type { Journal } from '../journal.ts';
import { type Case, nameOf } from './cases.ts';
import type { Violation } from './violation.ts';

/** What had been sent when SIGTERM came was finished before the process ended: its result went to Discord. */
export function* checkEndings({ endings }: Journal, cases: readonly Case[]): Generator<Violation> {
  let startedAt = 0;
  for (const { signal, from, to } of endings) {
    const since = startedAt;
    startedAt = to;
    if (signal === 'SIGKILL') continue;
    for (const one of cases) {
      const sent = one.attempts.find(({ seq }) => seq > since && seq <= from);
      const isShown = one.said.some(({ seq, meaning }) => seq > (sent?.seq ?? 0) && seq <= to && meaning !== 'working');
      if (sent !== undefined && !isShown)
        yield { rule: 'clean-process', what: `SIGTERM did not wait for ${nameOf(one)}` };
    }
  }
}
