import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import type { LeafForm } from '../../simulators/discord/forms/command-form.ts';
import type { LeafCommand, Values } from './commands.ts';
import type { Completion } from './completion.ts';
import type { From } from './state.ts';

/** What stands in the message box. */
export type Draft = {
  readonly text: string;
  readonly command?: LeafCommand;
  /** What stands in each option that is shown. */
  readonly values: Values;
  readonly shown: readonly string[];
  /** The option with the cursor, or `+` for the field behind them. */
  readonly focused?: string;
  readonly isOpen: boolean;
  /** The row that somebody went to; undefined leaves it to the list. */
  readonly active?: number | undefined;
  readonly problem?: string | undefined;
  readonly problemOption?: string | undefined;
};

/** A row of the list above the box. */
export type Offer = { readonly label: string; readonly note: string; readonly take: () => void };

export type FieldKey = KeyboardEvent & From<HTMLInputElement>;

/** All that the box is drawn from. */
export type Box = {
  readonly now: Draft;
  readonly channelName: string;
  readonly offers: readonly Offer[];
  readonly highlighted: number;
  readonly completion: Completion;
  readonly set: (part: Partial<Draft>) => void;
  readonly focus: (name: string) => void;
  readonly typeLine: (text: string) => void;
  readonly typeOption: (name: string, text: string) => void;
  readonly key: (event: FieldKey, name: string) => void;
  readonly send: () => void;
  readonly clear: () => void;
  readonly REST: string;
};

/** Draws the message box and the list above it. */
export function composerView(box: Box) {
  const { now } = box;
  return html`
    <form class="composer" aria-label="Message box" @submit=${(event: Event) => event.preventDefault()}
      @focusout=${(event: From<HTMLFormElement>) => closeWhenLeft(event, box)}>
      ${suggestions(box)}
      <div class="box" data-command=${now.command === undefined ? nothing : now.command.name}>
        ${now.command === undefined ? lineField(box) : commandFields(box, now.command)}
        <button type="button" class="send" aria-label="Send" title="Send (Enter)" @click=${box.send}>
          <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path fill="currentColor"
            d="M3 20.500V14l8-2-8-2V3.500L21.500 12z"/></svg>
        </button>
      </div>
      <p class="problem" role="alert">${now.problem ?? nothing}</p>
    </form>`;
}

/** A field that was replaced loses the focus too, so it is looked at once the next one has it. */
function closeWhenLeft({ currentTarget: form }: From<HTMLFormElement>, { set }: Box) {
  setTimeout(() => form.contains(document.activeElement) || set({ isOpen: false }));
}

/** The attributes of a field whose list stands above the box. */
function combobox({ offers, highlighted }: Box) {
  const isOpen = offers.length > 0;
  return {
    expanded: String(isOpen),
    controls: isOpen ? 'suggestions' : nothing,
    active: highlighted < 0 ? nothing : `suggestion-${highlighted}`,
  };
}

function lineField(box: Box) {
  const { now, channelName, typeLine, key, set, REST } = box;
  const { expanded, controls, active } = combobox(box);
  return html`
    <input id="composer-input" class="line" type="text" role="combobox" autocomplete="off" spellcheck="false"
      aria-autocomplete="list" aria-expanded=${expanded} aria-controls=${controls} aria-activedescendant=${active}
      aria-label=${`Message ${channelName}`} placeholder=${`Message ${channelName}: type / for commands`}
      .value=${live(now.text)} @input=${({ currentTarget }: From<HTMLInputElement>) => typeLine(currentTarget.value)}
      @keydown=${(event: FieldKey) => key(event, REST)} @focus=${() => now.isOpen || set({ isOpen: true })}>`;
}

function commandFields(box: Box, { name, options }: LeafCommand) {
  const { now, key, focus, set, clear, REST } = box;
  const hidden = options.length - now.shown.length;
  const { expanded, controls, active } = combobox(box);
  return html`
    <span class="command">/${name}</span>
    ${repeat(
      now.shown,
      (one) => one,
      (one) =>
        optionField(
          box,
          options.find((option) => option.name === one),
        ),
    )}
    <input id="composer-input" class="rest" type="text" role="combobox" autocomplete="off" spellcheck="false"
      aria-autocomplete="list" aria-expanded=${now.focused === REST ? expanded : 'false'}
      aria-controls=${now.focused === REST ? controls : nothing}
      aria-activedescendant=${now.focused === REST ? active : nothing}
      aria-label=${hidden > 0 ? `Add one of ${hidden} more options, or press Enter to send` : 'Press Enter to send'}
      placeholder=${hidden > 0 ? `+${hidden} optional` : 'Enter ↵'}
      .value=${live(now.focused === REST ? now.text : '')} @focus=${() => now.focused === REST || focus(REST)}
      @input=${({ currentTarget }: From<HTMLInputElement>) => set({ text: currentTarget.value, isOpen: true, active: undefined, problem: undefined })}
      @keydown=${(event: FieldKey) => key(event, REST)}>
    <button type="button" class="drop" aria-label="Discard this command" title="Discard (Esc)" @click=${clear}>×</button>`;
}

function optionField(box: Box, option: LeafForm | undefined) {
  if (option === undefined) return nothing;
  const { name } = option;
  const { now, key, focus, typeOption } = box;
  const isFocused = now.focused === name;
  const { expanded, controls, active } = combobox(box);
  const text = now.values[name]?.text ?? '';
  const isWrong = now.problem !== undefined && now.problemOption === name;
  return html`
    <label class="option" ?data-wrong=${isWrong}>
      <span class="name">${name}${option.required ? html`<i title="required">*</i>` : nothing}</span>
      <input id=${`option-${name}`} type="text" role="combobox" autocomplete="off" spellcheck="false"
        aria-autocomplete="list" aria-expanded=${isFocused ? expanded : 'false'}
        aria-controls=${isFocused ? controls : nothing} aria-activedescendant=${isFocused ? active : nothing}
        aria-label=${`${name}: ${option.description}`} aria-required=${String(option.required === true)}
        aria-invalid=${isWrong ? 'true' : nothing} size=${Math.max(text.length, 3)} .value=${live(text)}
        @focus=${() => isFocused || focus(name)} @input=${({ currentTarget }: From<HTMLInputElement>) => typeOption(name, currentTarget.value)}
        @keydown=${(event: FieldKey) => key(event, name)}>
    </label>`;
}

const typeNames: Readonly<Record<number, string>> = { 3: 'text', 4: 'whole number', 5: 'true or false', 10: 'number' };

function suggestions(box: Box) {
  const { now, offers, highlighted, completion, REST } = box;
  if (!now.isOpen) return nothing;
  const option = now.command?.options.find((one) => one.name === now.focused);
  const isRest = now.command !== undefined && now.focused === REST;
  if (option === undefined && offers.length === 0) return nothing;
  return html`
    <div class="suggestions">
      ${option === undefined ? heading(isRest ? 'Optional' : 'Levergate') : about(option)}
      ${option?.autocomplete && offers.length === 0 ? note(completion.wordsFor(now.values[option.name]?.text ?? '')) : nothing}
      <ul id="suggestions" role="listbox" aria-label="Suggestions" ?hidden=${offers.length === 0}>
        ${offers.map(
          ({ label, note: text, take }, index) => html`
            <li id=${`suggestion-${index}`} role="option" aria-selected=${String(index === highlighted)}
              @pointerdown=${(event: Event) => event.preventDefault()} @click=${take}
              @pointermove=${() => index === highlighted || box.set({ active: index })}>
              <b>${label}</b>${text === '' ? nothing : html`<span>${text}</span>`}
            </li>`,
        )}
      </ul>
    </div>`;
}

const heading = (text: string) => html`<p class="heading">${text}</p>`;

function about({ name, description, required, type }: LeafForm) {
  return html`
    <p class="heading option-about"><b>${name}</b> ${description}
      <span class="kind">${typeNames[type] ?? 'text'}, ${required ? 'required' : 'optional'}</span></p>`;
}

const note = (text: string) => html`<p class="note" role="status">${text}</p>`;
