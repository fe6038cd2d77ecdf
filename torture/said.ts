import { z } from 'zod';

export type SaidButton = { readonly verb: string; readonly id: string; readonly label: string };

/** What a message of the bot means to the person who reads it. */
export type Meaning =
  | 'card'
  | 'working'
  | 'applied'
  | 'accepted'
  | 'refused'
  | 'not-sent'
  | 'unchanged'
  | 'stale'
  | 'cancelled'
  | 'expired'
  | 'not-applied'
  | 'differs'
  | 'unknown'
  /** "Nothing was changed", as the answer to one press or command. */
  | 'denied'
  /** About another change that holds the key. */
  | 'busy'
  | 'other';

/** A message or an edit on its way to Discord. */
export type Sighting = {
  readonly interactionId: string;
  /** `@original`, the id of a follow-up, or `new`. */
  readonly place: string;
  readonly title: string;
  readonly text: string;
  readonly footer: string;
  /** Everything that can be read in it but the buttons. */
  readonly shown: string;
  readonly buttons: readonly SaidButton[];
  readonly meaning: Meaning;
};

export type Said = Sighting & {
  readonly seq: number;
  readonly at: number;
  /** By the clock that all processes of this machine share. */
  readonly machineAt: number;
  /** Whether Discord took it and said so. */
  isTold: boolean;
  /** The id of the message, once Discord told it. */
  messageId?: string;
  /** Whether others can read it, once Discord told that. */
  isPublic?: boolean;
};

const payload = z.object({
  embeds: z
    .array(
      z.object({
        title: z.string().default(''),
        description: z.string().default(''),
        footer: z.object({ text: z.string() }).optional(),
        fields: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
      }),
    )
    .default([]),
  content: z.string().default(''),
  components: z
    .array(
      z.object({ components: z.array(z.object({ custom_id: z.string().default(''), label: z.string().default('') })) }),
    )
    .default([]),
});

/** Reads what stands in a message that the bot sends; undefined for what shows nothing, such as a bare callback. */
export function readSaid(body: unknown): Omit<Sighting, 'interactionId' | 'place'> | undefined {
  const read = payload.safeParse(body);
  const embed = read.data?.embeds[0];
  if (!read.success || embed === undefined) return undefined;
  const title = plain(embed.title).replace(/^[^A-Za-z0-9"]+/, '');
  const text = plain(embed.description);
  const buttons = read.data.components.flatMap(({ components }) => components.flatMap(readButton));
  const footer = embed.footer?.text ?? '';
  const fields = embed.fields.map(({ name, value }) => `${name}: ${plain(value)}`);
  const shown = [read.data.content, title, text, ...fields, footer].filter((part) => part !== '').join('\n');
  return { title, text, buttons, footer, shown, meaning: meaningOf(title, text, buttons) };
}

function readButton({ custom_id, label }: { custom_id: string; label: string }): SaidButton[] {
  const [, verb, id] = /^v1\.([a-z]+)\.([A-Za-z0-9_-]{22})$/.exec(custom_id) ?? [];
  return verb === undefined || id === undefined ? [] : [{ verb, id, label }];
}

const meanings: readonly (readonly [RegExp, Meaning])[] = [
  [/^Another change with this key/, 'busy'],
  [/^Setting .* …$/, 'working'],
  [/^Done: /, 'applied'],
  [/accepted, not read back$/, 'accepted'],
  [/^Accepted, not /, 'accepted'],
  [/ applied, as .+ answered$/, 'accepted'],
  [/^Not changed: /, 'refused'],
  [/^Not sent: /, 'not-sent'],
  [/was already at /, 'unchanged'],
  [/changed since this card was made$/, 'stale'],
  [/^Cancelled: /, 'cancelled'],
  [/^Expired: /, 'expired'],
  [/^Not applied: /, 'not-applied'],
  [/ said yes but shows /, 'differs'],
  [/^Not known( yet| here)?: /, 'unknown'],
];

function meaningOf(title: string, text: string, buttons: readonly SaidButton[]): Meaning {
  if (buttons.some(({ verb }) => verb === 'confirm')) return 'card';
  const found = meanings.find(([pattern]) => pattern.test(title));
  return found?.[1] ?? (text.startsWith('Nothing was changed') ? 'denied' : 'other');
}

/** Without the escapes that are for Discord's renderer, not for readers. */
function plain(text: string): string {
  return text.replace(/\\([^a-zA-Z0-9\s])/g, '$1');
}
