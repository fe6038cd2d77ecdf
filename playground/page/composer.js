import { fixedChoices, leafCommands, matching, parseLine, readOption } from './commands.js';
import { createCompletion } from './completion.js';
import { composerView } from './composer-view.js';
import { createHistory } from './history.js';
import { sendCommand } from './server.js';

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
  /** The row that somebody went to; undefined leaves it to the list. */
  active: undefined,
  problem: undefined,
});

/** The message box: pick a slash command, fill its options, send it. */
export function createComposer(page, { draw, say }) {
  let now = empty();
  let toFocus;
  let lastRow;
  const history = createHistory();
  const completion = createCompletion(page, () => set({ active: undefined }));

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
    const { text } = now.values[option.name];
    const fixed = fixedChoices(option);
    if (fixed === undefined) return completion.choicesFor(text).map(choiceOffer);
    const isFitting = ({ name }) => isSettled() || name.toLowerCase().includes(text.toLowerCase());
    return fixed.filter(isFitting).map(choiceOffer);
  }

  const commandOffer = (one) => ({ label: `/${one.name}`, note: one.description, take: () => pick(one) });
  const choiceOffer = (choice) => ({ label: choice.name, note: '', take: () => choose(choice) });

  function restOffers() {
    const hidden = now.command.options.filter(({ name }) => !now.shown.includes(name));
    return hidden
      .filter(({ name }) => name.startsWith(now.text))
      .map((one) => ({ label: one.name, note: one.description, take: () => showOption(one.name) }));
  }

  /** Whether the field with the cursor needs nothing more: the empty one at the end, or one that holds a choice. */
  function isSettled() {
    if (now.command === undefined) return false;
    if (now.focused === REST) return now.text === '';
    const value = now.values[now.focused];
    return value?.chosen !== undefined && value.chosen.name === value.text;
  }

  /** The row that is highlighted, which is the one that Enter takes; -1 where Enter sends. */
  function highlighted() {
    const last = offers().length - 1;
    return now.active === undefined && isSettled() ? -1 : Math.min(now.active ?? 0, last);
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
    set({ focused: name, text: '', isOpen: true, active: undefined, problem: undefined });
    if (!isNew) return;
    completion.drop();
    if (optionOf(name)?.autocomplete) completion.askSoon(halfTyped(), 0);
  }

  function halfTyped() {
    const { focused, command, shown, values } = now;
    const read = shown.map((name) => [name, readOption(optionOf(name), values[name])?.value]);
    const known = read.filter(([name, value]) => value !== undefined && name !== focused);
    const options = Object.fromEntries([...known, [focused, values[focused].text]]);
    return { channelId: page.channelId, name: command.name, options, focused };
  }

  function typeLine(text) {
    const line = text.startsWith('/') && /\s$|:\S/.test(text) ? parseLine(commands(), text.trimEnd()) : undefined;
    const open = commands().filter(({ name }) => name.startsWith(text.slice(1).trimEnd()));
    if (line !== undefined && open.length <= 1) return pick(line.command, line.values);
    return set({ text, isOpen: true, active: undefined, problem: undefined });
  }

  function typeOption(name, text) {
    now.values = { ...now.values, [name]: { text, chosen: undefined } };
    set({ isOpen: true, active: undefined, problem: undefined });
    if (optionOf(name).autocomplete) completion.askSoon(halfTyped());
  }

  /** @returns the first thing that Discord's client would not send, if any. */
  function firstProblem() {
    for (const option of now.command.options) {
      const read = now.shown.includes(option.name) ? readOption(option, now.values[option.name]) : undefined;
      if (read === undefined && option.required) return [option.name, 'This option is required. Specify a value.'];
      if (read?.problem !== undefined) return [option.name, read.problem];
    }
    return now.focused === REST && now.text.trim() !== ''
      ? [REST, 'This is not an option of this command.']
      : undefined;
  }

  function send() {
    if (now.command === undefined) {
      if (now.text.trim() !== '') set({ problem: 'Only commands work here: start with a slash.', isOpen: false });
      return;
    }
    const problem = firstProblem();
    if (problem !== undefined) {
      const { text } = now;
      goTo(problem[0]);
      return set({ problem: problem[1], problemOption: problem[0], isOpen: false, text });
    }
    const { command, values, shown } = now;
    const read = shown.map((name) => [name, readOption(optionOf(name), values[name])?.value]);
    const options = Object.fromEntries(read.filter(([, value]) => value !== undefined));
    history.add({ name: command.name, values });
    // The box is free at once, for a second Enter has nothing to send, and what is typed meanwhile stays.
    clear();
    void deliver({ channelId: page.channelId, name: command.name, options }, { command, values });
  }

  async function deliver(sent, { command, values }) {
    const { viewerId } = page;
    try {
      await sendCommand(viewerId, sent);
    } catch ({ message }) {
      if (viewerId !== page.viewerId || now.command !== undefined || now.text !== '') return say(message);
      pick(command, values);
      set({ problem: message, problemOption: undefined, isOpen: false });
    }
  }

  /** Empties the box, and keeps the cursor in it where it was there. */
  function clear() {
    if (document.activeElement?.closest('.composer')) toFocus = REST;
    completion.drop();
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
    const from = highlighted();
    if (count > 0) set({ active: from < 0 && by < 0 ? count - 1 : (from + by + count) % count });
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
    completion.drop();
    now = { ...empty(), text: `/${command.name}`, isOpen: true };
    toFocus = REST;
    draw();
  }

  function key(event, name) {
    const offer = offers()[highlighted()];
    const isEmpty = event.target.value === '';
    const handlers = {
      ArrowDown: () => step(1),
      ArrowUp: () => (now.command === undefined && isEmpty ? repeatLast() : step(-1)),
      Escape: () => (now.isOpen && offers().length > 0 ? set({ isOpen: false }) : clear()),
      Enter: () => (offer === undefined ? send() : offer.take()),
      Tab: () => !event.shiftKey && offer !== undefined && offer.take(),
      Backspace: () => isEmpty && now.command !== undefined && takeBack(name),
    };
    const handle = handlers[event.key];
    if (handle === undefined || event.isComposing) return;
    if (handle() !== false) event.preventDefault();
  }

  /** Once for each row, so that a list can still be scrolled by hand. */
  function showHighlighted() {
    const row = document.querySelector('.suggestions [aria-selected="true"]');
    if (row?.id !== lastRow) row?.scrollIntoView({ block: 'nearest' });
    lastRow = row?.id;
  }

  return {
    view: (channelName) =>
      composerView({
        ...{ now, channelName, offers: offers(), highlighted: highlighted(), completion },
        ...{ focus, typeLine, typeOption, key, send, clear, set, REST },
      }),
    clear,
    /** Puts a command into the box, for its person to read and send. */
    fill(line) {
      const parsed = parseLine(commands(), line);
      if (parsed === undefined) return say('The bot is not ready yet: it has not registered its commands.');
      page.place = 'chat';
      return pick(parsed.command, parsed.values);
    },
    afterDraw() {
      showHighlighted();
      if (toFocus === undefined) return;
      const id = toFocus === REST ? 'composer-input' : `option-${toFocus}`;
      const field = document.getElementById(id);
      if (field === null) return;
      toFocus = undefined;
      field.focus();
    },
  };
}
