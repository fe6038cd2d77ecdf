import { fixedChoices, leafCommands, matching, parseLine, readOption } from './commands.js';
import { composerView } from './composer-view.js';
import { createHistory } from './history.js';
import { askChoices, sendCommand } from './server.js';

const DEBOUNCE_MS = 250;
const REST = '+';

const empty = () => ({
  text: '',
  command: undefined,
  /** What stands in each option that is shown: { text, chosen }. */
  values: {},
  shown: [],
  /** The option with the cursor, or `+` for the field behind them. */
  focused: undefined,
  isOpen: false,
  active: 0,
  /** Answers of the bot: 'loading', 'failed', or choices. */
  live: undefined,
  /** The text for which they came. */
  liveFor: undefined,
  problem: undefined,
});

/** The message box: pick a slash command, fill its options, send it. */
export function createComposer(page, { draw, say }) {
  let now = empty();
  let toFocus;
  let asking;
  let asked = 0;
  const history = createHistory();

  const commands = () => leafCommands(page.screen.commands);
  const optionOf = (name) => now.command?.options.find((one) => one.name === name);

  function set(part) {
    now = { ...now, ...part };
    draw();
  }

  /** What the list above the box offers just now. */
  function offers() {
    if (!now.isOpen) return [];
    if (now.command === undefined) {
      return now.text.startsWith('/') ? matching(commands(), now.text.slice(1)).map(commandOffer) : [];
    }
    if (now.focused === REST) return restOffers();
    const option = optionOf(now.focused);
    if (option === undefined) return [];
    const { text, chosen } = now.values[option.name];
    const fixed = fixedChoices(option);
    if (fixed !== undefined) {
      const isSettled = chosen?.name === text;
      const fitting = fixed.filter(({ name }) => isSettled || name.toLowerCase().includes(text.toLowerCase()));
      return fitting.map(choiceOffer);
    }
    if (!Array.isArray(now.live)) return [];
    // Until the bot has answered for what is typed now, only what fits it of the last answer may be taken.
    const isFresh = now.liveFor === text;
    return now.live.filter(({ name }) => isFresh || name.toLowerCase().includes(text.toLowerCase())).map(choiceOffer);
  }

  const commandOffer = (one) => ({ label: `/${one.name}`, note: one.description, take: () => pick(one) });
  const choiceOffer = (choice) => ({ label: choice.name, note: '', take: () => choose(choice) });

  function restOffers() {
    const hidden = now.command.options.filter(({ name }) => !now.shown.includes(name));
    return hidden
      .filter(({ name }) => name.startsWith(now.text))
      .map((one) => ({ label: one.name, note: one.description, take: () => showOption(one.name) }));
  }

  function pick(command, values = {}) {
    const required = command.options.filter((one) => one.required).map(({ name }) => name);
    const shown = command.options.map(({ name }) => name).filter((name) => required.includes(name) || name in values);
    const filled = Object.fromEntries(shown.map((name) => [name, values[name] ?? { text: '', chosen: undefined }]));
    now = { ...empty(), command, values: filled, shown };
    goTo(shown.find((name) => filled[name].text === '') ?? REST);
  }

  function showOption(name) {
    now.shown = [...now.shown, name];
    now.values = { ...now.values, [name]: { text: '', chosen: undefined } };
    goTo(name);
  }

  function choose(chosen) {
    const name = now.focused;
    now.values = { ...now.values, [name]: { text: chosen.name, chosen } };
    goTo(now.shown.find((one) => now.values[one].text === '') ?? REST);
  }

  /** Moves the cursor to an option. */
  function goTo(name) {
    toFocus = name;
    focus(name);
  }

  function focus(name) {
    const isNew = name !== now.focused;
    set({ focused: name, text: '', isOpen: true, active: 0, problem: undefined, live: isNew ? undefined : now.live });
    if (optionOf(name)?.autocomplete && isNew) ask(0);
  }

  /** Asks the bot for completions; an answer that was overtaken is dropped. */
  function ask(afterMs) {
    clearTimeout(asking);
    asked += 1;
    const turn = asked;
    const { focused, command } = now;
    set({ live: Array.isArray(now.live) ? now.live : 'loading' });
    asking = setTimeout(async () => {
      const half = { channelId: page.channelId, name: command.name, options: halfTyped(focused), focused };
      const answer = await askChoices(page.viewerId, half).catch(() => ({ kind: 'failed' }));
      if (turn !== asked || now.focused !== focused) return;
      set({ live: answer.kind === 'choices' ? answer.choices : 'failed', liveFor: half.options[focused] });
    }, afterMs);
  }

  function halfTyped(focused) {
    const read = now.shown.map((name) => [name, readOption(optionOf(name), now.values[name])?.value]);
    const known = read.filter(([name, value]) => value !== undefined && name !== focused);
    return Object.fromEntries([...known, [focused, now.values[focused].text]]);
  }

  function typeLine(text) {
    const line = text.startsWith('/') && /\s$|:\S/.test(text) ? parseLine(commands(), text.trimEnd()) : undefined;
    const open = commands().filter(({ name }) => name.startsWith(text.slice(1).trimEnd()));
    if (line !== undefined && open.length <= 1) return pick(line.command, line.values);
    return set({ text, isOpen: true, active: 0, problem: undefined });
  }

  function typeOption(name, text) {
    now.values = { ...now.values, [name]: { text, chosen: undefined } };
    set({ isOpen: true, active: 0, problem: undefined });
    if (optionOf(name).autocomplete) ask(DEBOUNCE_MS);
  }

  /** @returns the first thing that Discord's client would not send, if any. */
  function firstProblem() {
    for (const option of now.command.options) {
      const read = now.shown.includes(option.name) ? readOption(option, now.values[option.name]) : undefined;
      if (read === undefined && option.required) return [option.name, 'This option is required. Specify a value.'];
      if (read?.problem !== undefined) return [option.name, read.problem];
    }
    return undefined;
  }

  async function send() {
    if (now.command === undefined) {
      if (now.text.trim() !== '') set({ problem: 'Only commands work here: start with a slash.', isOpen: false });
      return;
    }
    const problem = firstProblem();
    if (problem !== undefined) {
      goTo(problem[0]);
      return set({ problem: problem[1], problemOption: problem[0], isOpen: false });
    }
    const { command, values, shown } = now;
    const read = shown.map((name) => [name, readOption(optionOf(name), values[name])?.value]);
    const options = Object.fromEntries(read.filter(([, value]) => value !== undefined));
    try {
      await sendCommand(page.viewerId, { channelId: page.channelId, name: command.name, options });
      history.add({ name: command.name, values });
      clear();
      toFocus = REST;
    } catch (error) {
      set({ problem: error.message, problemOption: undefined, isOpen: false });
    }
  }

  function clear() {
    asked += 1;
    now = empty();
    draw();
  }

  function repeatLast() {
    const last = history.last();
    const command = commands().find(({ name }) => name === last?.name);
    if (command !== undefined) pick(command, last.values);
  }

  function step(by) {
    const count = offers().length;
    if (count > 0) set({ active: (now.active + by + count) % count });
  }

  /** Takes back the last thing: an option that nobody needs, or the command. */
  function takeBack(name) {
    const before = now.shown[now.shown.indexOf(name) - 1] ?? (name === REST ? now.shown.at(-1) : undefined);
    if (name !== REST && !optionOf(name).required) {
      now.shown = now.shown.filter((one) => one !== name);
      return goTo(before ?? REST);
    }
    if (before !== undefined) return goTo(before);
    const { command } = now;
    now = { ...empty(), text: `/${command.name}`, isOpen: true };
    toFocus = REST;
    draw();
  }

  function key(event, name) {
    const offer = offers()[now.active];
    const isEmpty = event.target.value === '';
    const handlers = {
      ArrowDown: () => step(1),
      ArrowUp: () => (now.command === undefined && isEmpty ? repeatLast() : step(-1)),
      Escape: () => (now.isOpen && offers().length > 0 ? set({ isOpen: false }) : clear()),
      Enter: () => (isTaking(event, name, offer) ? offer.take() : void send()),
      Tab: () => !event.shiftKey && isTaking(event, name, offer) && offer.take(),
      Backspace: () => isEmpty && now.command !== undefined && takeBack(name),
    };
    const handle = handlers[event.key];
    if (handle === undefined || event.isComposing) return;
    if (handle() !== false) event.preventDefault();
  }

  /** Enter takes what is offered, unless the field holds it already, or is the empty one at the end. */
  function isTaking({ target }, name, offer) {
    if (!now.isOpen || offer === undefined) return false;
    if (name === REST && now.command !== undefined) return target.value !== '';
    if (now.command === undefined) return true;
    return now.values[name].chosen?.name !== target.value || target.value === '';
  }

  return {
    view: (channelName) =>
      composerView({ now, channelName, offers: offers(), focus, typeLine, typeOption, key, send, clear, set, REST }),
    clear,
    /** Puts a command into the box, for its person to read and send. */
    fill(line) {
      const parsed = parseLine(commands(), line);
      if (parsed === undefined) return say('The bot is not ready yet: it has not registered its commands.');
      page.place = 'chat';
      return pick(parsed.command, parsed.values);
    },
    afterDraw() {
      if (toFocus === undefined) return;
      const id = toFocus === REST ? 'composer-input' : `option-${toFocus}`;
      const field = document.getElementById(id);
      if (field === null) return;
      toFocus = undefined;
      field.focus();
    },
  };
}
