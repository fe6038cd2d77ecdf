import type { Journal } from '../journal.ts';
import type { Violation } from './violation.ts';

/** What every card of a venue says, with a position or without. */
const constant = [/Applies to new orders on \S+ \(\w+ margin\)\. An order that names its own leverage overrides it\./g];

const telling =
  /liquidat|\bpositions?\b|\borders?\b|\blong\b|\bshort\b|distance|free margin|enough margin|insufficient|\d ?%|another change/i;

/** What a channel can read tells of nobody's position, orders, distances or margin, nor of another change. */
export function* checkExposure({ said }: Journal): Generator<Violation> {
  for (const { isPublic, shown, title } of said) {
    if (isPublic !== true) continue;
    const words = constant.reduce((text, sentence) => text.replace(sentence, ''), shown);
    const [found] = telling.exec(words) ?? [];
    if (found !== undefined)
      yield { rule: 'private-exposure', what: `a channel could read "${found}" below "${title}": ${words}` };
  }
}
