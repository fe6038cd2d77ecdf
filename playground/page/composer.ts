import {
  type Choice,
  fixedChoices,
  type LeafCommand,
  leafCommands,
  matching,
  parseLine,
  readOption,
  type Value,
  type Values,
} from './commands.ts';
import { createCompletion } from './completion.ts';
import { composerView, type Draft, type FieldKey, type Offer } from './composer-view.ts';
import { createHistory } from './history.ts';
import { type HalfTyped, type SentCommand, sendCommand, wordsOf } from './server.ts';
import type { Actions, State } from './state.ts';

const REST = '+';

export type Composer = ReturnType<typeof createComposer>;

const nothingYet = { text: '', chosen: undefined };
const empty: Draft = { text: '', values: {}, shown: [], isOpen: false };

/** The message box: pick a slash command, fill its options, send it. */
export function createComposer(page: State, { draw, say }: Pick<Actions, 'draw' | 'say'>) {
  let now = empty;
  let toFocus: string | undefined;
  let lastRow: string | undefined;
  const history = createHistory();
  const completion = createCompletion(page, () => set({ active: undefined }));

  const commands = () => leafCommands(page.screen.commands);
  const optionOf = (name: string | undefined) => now.command?.options.find((one) => one.name === name);
  const typedInto = (name: string) => now.values[name] ?? nothingYet;

  function set(part: Partial<Draft>) {
    now = { ...now, ...part };
    draw();
  }

  /** What the list above the box offers just now. */
  function offers(): readonly Offer[] {
    const { command } = now;
    if (!now.isOpen) return [];
    if (command === undefined) {
      return now.text.startsWith('/') ? matching(commands(), now.text.slice(1)).map(commandOffer) : [];
    }
    if (now.focused === REST) return restOffers(command);
    const option = optionOf(now.focused);
    if (option === undefined) return [];
    const { text } = typedInto(option.name);
    const fixed = fixedChoices(option);
    if (fixed === undefined) return completion.choicesFor(text).map(choiceOffer);
    const isFitting = ({ name }: Choice) => isSettled() || name.toLowerCase().includes(text.toLowerCase());
    return fixed.filter(isFitting).map(choiceOffer);
  }

  const commandOffer = (one: LeafCommand) => ({ label: `/${one.name}`, note: one.description, take: () => pick(one) });
  const choiceOffer = (choice: Choice) => ({ label: choice.name, note: '', take: () => choose(choice) });

  function restOffers({ options }: LeafCommand) {
    const hidden = options.filter(({ name }) => !now.shown.includes(name));
    return hidden
      .filter(({ name }) => name.startsWith(now.text))
      .map((one) => ({ label: one.name, note: one.description, take: () => showOption(one.name) }));
  }

  /** Whether the field with the cursor needs nothing more: the empty one at the end, or one that holds a choice. */
  function isSettled() {
    if (now.command === undefined) return false;
    if (now.focused === REST) return now.text === '';
    const { chosen, text } = typedInto(now.focused ?? '');
    return chosen !== undefined && chosen.name === text;
  }

  /** The row that is highlighted, which is the one that Enter takes; -1 where Enter sends. */
  function highlighted() {
    const last = offers().length - 1;
    return now.active === undefined && isSettled() ? -1 : Math.min(now.active ?? 0, last);
  }

  function pick(command: LeafCommand, values: Values = {}) {
    const required = command.options.filter((one) => one.required).map(({ name }) => name);
    const shown = command.options.map(({ name }) => name).filter((name) => required.includes(name) || name in values);
    now = { ...empty, command, values, shown };
    goTo(firstEmpty());
  }

  const firstEmpty = () => now.shown.find((name) => typedInto(name).text === '') ?? REST;

  function showOption(name: string) {
    now = { ...now, shown: [...now.shown, name], values: { ...now.values, [name]: nothingYet } };
    goTo(name);
  }

  function choose(chosen: Choice) {
    fill(now.focused ?? REST, { text: chosen.name, chosen });
    goTo(firstEmpty());
  }

  function fill(name: string, value: Value) {
    now = { ...now, values: { ...now.values, [name]: value } };
  }

  /** Moves the cursor to an option. */
  function goTo(name: string) {
    toFocus = name;
    focus(name);
  }

  function focus(name: string) {
    const isNew = name !== now.focused;
    set({ focused: name, text: '', isOpen: true, active: undefined, problem: undefined });
    if (!isNew) return;
    completion.drop();
    if (optionOf(name)?.autocomplete) completion.askSoon(halfTyped(name), 0);
  }

  /** The command as it would be sent now. */
  function readNow(): SentCommand {
    const { command, shown } = now;
    const options = (command?.options ?? []).flatMap((option) => {
      const { value } = shown.includes(option.name) ? readOption(option, typedInto(option.name)) : {};
      return value === undefined ? [] : [[option.name, value] as const];
    });
    return { channelId: page.channelId, name: command?.name ?? '', options: Object.fromEntries(options) };
  }

  function halfTyped(focused: string): HalfTyped {
    const { options, ...sent } = readNow();
    return { ...sent, options: { ...options, [focused]: typedInto(focused).text }, focused };
  }

  function typeLine(text: string) {
    const line = text.startsWith('/') && /\s$|:\S/.test(text) ? parseLine(commands(), text.trimEnd()) : undefined;
    const open = commands().filter(({ name }) => name.startsWith(text.slice(1).trimEnd()));
    if (line !== undefined && open.length <= 1) return pick(line.command, line.values);
    return set({ text, isOpen: true, active: undefined, problem: undefined });
  }

  function typeOption(name: string, text: string) {
    fill(name, { text, chosen: undefined });
    set({ isOpen: true, active: undefined, problem: undefined });
    if (optionOf(name)?.autocomplete) completion.askSoon(halfTyped(name));
  }

  /** @returns the first thing that Discord's client would not send, if any. */
  function firstProblem({ options }: LeafCommand): readonly [option: string, problem: string] | undefined {
    for (const option of options) {
      const { value, problem } = now.shown.includes(option.name) ? readOption(option, typedInto(option.name)) : {};
      if (problem !== undefined) return [option.name, problem];
      if (value === undefined && option.required) return [option.name, 'This option is required. Specify a value.'];
    }
    return now.focused === REST && now.text.trim() !== ''
      ? [REST, 'This is not an option of this command.']
      : undefined;
  }

  function send() {
    const { command, values, text } = now;
    if (command === undefined) {
      if (text.trim() !== '') set({ problem: 'Only commands work here: start with a slash.', isOpen: false });
      return;
    }
    const problem = firstProblem(command);
    if (problem !== undefined) {
      goTo(problem[0]);
      return set({ problem: problem[1], problemOption: problem[0], isOpen: false, text });
    }
    const sent = readNow();
    history.add({ name: command.name, values });
    // The box is free at once, for a second Enter has nothing to send, and what is typed meanwhile stays.
    clear();
    void deliver(sent, command, values);
  }

  async function deliver(sent: SentCommand, command: LeafCommand, values: Values) {
    const { viewerId } = page;
    try {
      await sendCommand(viewerId, sent);
    } catch (error) {
      if (viewerId !== page.viewerId || now.command !== undefined || now.text !== '') return say(wordsOf(error));
      pick(command, values);
      set({ problem: wordsOf(error), problemOption: undefined, isOpen: false });
    }
  }

  /** Empties the box, and keeps the cursor in it where it was there. */
  function clear() {
    if (document.activeElement?.closest('.composer')) toFocus = REST;
    completion.drop();
    now = empty;
    draw();
  }

  function repeatLast() {
    const last = history.last();
    const command = commands().find(({ name }) => name === last?.name);
    if (command !== undefined) pick(command, last?.values);
  }

  function step(by: number) {
    const count = offers().length;
    const from = highlighted();
    if (count > 0) set({ active: from < 0 && by < 0 ? count - 1 : (from + by + count) % count });
  }

  /** Takes back the last thing: an option that nobody needs, or the command. */
  function takeBack(name: string) {
    const before = now.shown[now.shown.indexOf(name) - 1] ?? (name === REST ? now.shown.at(-1) : undefined);
    if (name !== REST && !optionOf(name)?.required) {
      now = { ...now, shown: now.shown.filter((one) => one !== name) };
      return goTo(before ?? REST);
    }
    if (before !== undefined) return goTo(before);
    const { command } = now;
    completion.drop();
    now = { ...empty, text: `/${command?.name ?? ''}`, isOpen: true };
    toFocus = REST;
    draw();
  }

  function key(event: FieldKey, name: string) {
    const offer = offers()[highlighted()];
    const isEmpty = event.currentTarget.value === '';
    const handlers: Readonly<Record<string, () => unknown>> = {
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
    view: (channelName: string) =>
      composerView({
        ...{ now, channelName, offers: offers(), highlighted: highlighted(), completion },
        ...{ focus, typeLine, typeOption, key, send, clear, set, REST },
      }),
    clear,
    /** Puts a command into the box, for its person to read and send. */
    fill(line: string) {
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
