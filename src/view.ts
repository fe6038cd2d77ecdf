/** Text with the parts that a chat client renders itself. Plain strings are shown literally, never as markup. */
export type Text = string | readonly Span[];

export type Span =
  | string
  | { readonly strong: string }
  | { readonly code: string }
  /** Lines in monospaced letters, such as a small table. */
  | { readonly block: string }
  | { readonly user: string }
  /** A command by its full name, such as `keys add`, to be tapped where the client can. */
  | { readonly command: string }
  | { readonly time: number; readonly style: 'relative' | 'clock' };

/** The parts of a text, whichever way it was written. */
export function spansOf(text: Text): readonly Span[] {
  return typeof text === 'string' ? [text] : text;
}

/** The colour and weight of a message: a question, a risky question, good news, a refusal, something unknown. */
export type Tone = 'plain' | 'ask' | 'risky' | 'done' | 'refused' | 'unknown';

/** What a button asks for. `id` (128 random bits) finds the rest in the store. */
export type Verb = 'confirm' | 'cancel' | 'check' | 'back' | 'again' | 'do' | 'drop';

export type Button =
  | {
      readonly kind: 'press';
      readonly verb: Verb;
      readonly id: string;
      readonly label: string;
      readonly style: 'primary' | 'danger' | 'secondary';
    }
  | { readonly kind: 'link'; readonly url: string; readonly label: string };

/** One message, independent of what shows it. At most 25 fields and five buttons. */
export type View = {
  readonly tone: Tone;
  readonly title: string;
  readonly body?: Text;
  readonly fields?: readonly { readonly name: string; readonly value: Text; readonly isInline?: boolean }[];
  readonly footer?: string;
  readonly buttons?: readonly Button[];
  /** Title and body as the text of the message itself, without a frame: for what is only read. Nothing else is shown. */
  readonly isText?: true;
  /** For whoever asked alone, also where the answer was meant for everybody. */
  readonly isPrivate?: true;
  /** What a public view withholds, for whoever asked alone. */
  readonly aside?: View;
};

/** One coloured line, without a title and buttons. */
export type Note = { readonly tone: Tone; readonly text: Text };
