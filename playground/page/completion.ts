import type { Suggestions } from '../../simulators/discord/client/actor.ts';
import type { Choice } from './commands.ts';
import { askChoices, type HalfTyped } from './server.ts';
import type { State } from './state.ts';

const DEBOUNCE_MS = 250;

export type Completion = ReturnType<typeof createCompletion>;

/** The bot's completions for the option with the cursor. What was overtaken, or belongs to a command that is gone, is dropped. */
export function createCompletion(page: Pick<State, 'viewerId'>, changed: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;
  /** Undefined where nothing was asked, and until the first answer. */
  let answer: Suggestions | undefined;
  /** The text for which it came. */
  let answeredText: string | undefined;

  function drop() {
    clearTimeout(timer);
    turn += 1;
    answer = undefined;
    answeredText = undefined;
  }

  async function ask(half: HalfTyped, mine: number) {
    const got = await askChoices(page.viewerId, half).catch(() => ({ kind: 'failed' }) as const);
    if (mine !== turn) return;
    answer = got;
    answeredText = String(half.options[half.focused]);
    changed();
  }

  return {
    drop,
    /** Asks when nothing more was typed for a moment. @param half - The command as it stands now. */
    askSoon(half: HalfTyped, afterMs = DEBOUNCE_MS) {
      clearTimeout(timer);
      turn += 1;
      if (answer?.kind === 'failed') answer = undefined;
      timer = setTimeout(ask, afterMs, half, turn);
    },
    /** Until the bot has answered for what is typed now, only what fits it of the last answer may be taken. */
    choicesFor(text: string): readonly Choice[] {
      if (answer?.kind !== 'choices') return [];
      const isFresh = answeredText === text;
      return answer.choices.filter(({ name }) => isFresh || name.toLowerCase().includes(text.toLowerCase()));
    },
    /** What is said while there is nothing to choose. */
    wordsFor(text: string): string {
      if (answer?.kind === 'failed') return 'Loading options failed';
      return answeredText === text ? 'No options match your search' : 'Loading options …';
    },
  };
}
