import { askChoices } from './server.js';

const DEBOUNCE_MS = 250;

/** The bot's completions for the option with the cursor. What was overtaken, or belongs to a command that is gone, is dropped. */
export function createCompletion(page, changed) {
  let timer;
  let turn = 0;
  /** 'loading', 'failed', or the choices; undefined where nothing was asked. */
  let answer;
  /** The text for which it came. */
  let answeredText;

  function drop() {
    clearTimeout(timer);
    turn += 1;
    answer = undefined;
    answeredText = undefined;
  }

  async function ask(half, mine) {
    const got = await askChoices(page.viewerId, half).catch(() => ({ kind: 'failed' }));
    if (mine !== turn) return;
    answer = got.kind === 'choices' ? got.choices : 'failed';
    answeredText = half.options[half.focused];
    changed();
  }

  return {
    drop,
    /** Asks when nothing more was typed for a moment. @param half - The command as it stands now. */
    askSoon(half, afterMs = DEBOUNCE_MS) {
      clearTimeout(timer);
      turn += 1;
      const mine = turn;
      if (!Array.isArray(answer)) answer = 'loading';
      timer = setTimeout(ask, afterMs, half, mine);
    },
    /** Until the bot has answered for what is typed now, only what fits it of the last answer may be taken. */
    choicesFor(text) {
      if (!Array.isArray(answer)) return [];
      const isFresh = answeredText === text;
      return answer.filter(({ name }) => isFresh || name.toLowerCase().includes(text.toLowerCase()));
    },
    /** What is said while there is nothing to choose. */
    wordsFor(text) {
      if (answer === 'failed') return 'Loading options failed';
      return answeredText === text ? 'No options match your search' : 'Loading options …';
    },
  };
}
