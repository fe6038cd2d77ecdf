import { type Component, flatten, type TopComponent } from './forms/component-form.ts';
import { type Embed, type MessageForm, readMessageForm, refuseLegacyFields } from './forms/message-form.ts';
import { type Change, messageFlags } from './model.ts';
import { emptyMessage, type Path, unknownMessage } from './refusal.ts';

/** A file that came as `files[n]` of a multipart request. */
export type UploadedFile = {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
};
export type Attachment = {
  readonly id: string;
  readonly filename: string;
  readonly description: string | null;
  readonly contentType: string;
  readonly bytes: Uint8Array;
};
/** The interaction that made a message; `name` is the full command, such as `leverage set`. */
export type MessageOrigin = {
  readonly interactionId: string;
  readonly type: number;
  readonly userId: string;
  readonly name: string | undefined;
};

export type Message = {
  readonly id: string;
  readonly channelId: string;
  readonly content: string;
  readonly embeds: readonly Embed[];
  readonly components: readonly TopComponent[];
  readonly attachments: readonly Attachment[];
  readonly flags: number;
  readonly createdAt: number;
  readonly editedAt: number | undefined;
  readonly onlyFor: string | undefined;
  readonly origin: MessageOrigin | undefined;
  readonly repliesTo: string | undefined;
  readonly nonce: string | undefined;
};

export type Sent = { readonly body: unknown; readonly files: readonly UploadedFile[]; readonly under: Path };
type Draft = {
  readonly channelId: string;
  readonly origin?: MessageOrigin;
  readonly onlyFor?: string | undefined;
  readonly repliesTo?: string;
};
export type Messages = ReturnType<typeof createMessages>;

const settable = messageFlags.suppressEmbeds | messageFlags.silent | messageFlags.componentsV2;
const empty = { content: '', embeds: [], components: [], attachments: [], flags: 0 };
type Shown = Pick<Message, 'content' | 'embeds' | 'components' | 'attachments' | 'flags'>;

/** All messages in the order in which they were made. */
export function createMessages(options: {
  readonly now: () => number;
  readonly newId: () => string;
  readonly changed: (change: Change) => void;
}) {
  const { now, newId, changed } = options;
  const messages = new Map<string, Message>();

  function store(message: Message, action: 'created' | 'edited'): Message {
    messages.set(message.id, message);
    announce(message, action);
    return message;
  }

  function announce({ id, channelId, onlyFor }: Message, action: 'created' | 'edited' | 'deleted'): void {
    changed({ kind: 'message', action, channelId, messageId: id, ...(onlyFor === undefined ? {} : { onlyFor }) });
  }

  function get(id: string): Message {
    const message = messages.get(id);
    if (message === undefined) throw unknownMessage();
    return message;
  }

  function make(draft: Draft, shown: Shown, nonce?: string): Message {
    const { channelId, origin, onlyFor, repliesTo } = draft;
    const flags = shown.flags | (onlyFor === undefined ? 0 : messageFlags.ephemeral);
    const added = { editedAt: undefined, onlyFor, origin, repliesTo, nonce };
    return store({ ...shown, flags, id: newId(), channelId, createdAt: now(), ...added }, 'created');
  }

  return {
    get,
    find: (id: string) => messages.get(id),
    all: () => [...messages.values()],
    create(draft: Draft, sent: Sent): Message {
      const form = readMessageForm(sent.body, sent.under);
      const nonce = form.nonce === undefined || form.nonce === null ? undefined : String(form.nonce);
      const twin = form.enforce_nonce === true && [...messages.values()].find((one) => one.nonce === nonce);
      if (twin) return twin;
      return make(draft, applied(empty, form, sent, newId), nonce);
    },
    /** The "is thinking" placeholder of a deferred reply. */
    createThinking: (draft: Draft): Message => make(draft, { ...empty, flags: messageFlags.loading }),
    edit(id: string, sent: Sent): Message {
      const before = get(id);
      const wasThinking = isThinking(before);
      const shown = applied(before, readMessageForm(sent.body, sent.under, before.flags), sent, newId);
      const flags = shown.flags & ~messageFlags.loading;
      // A deferred reply that is filled in does not count as edited.
      return store({ ...before, ...shown, flags, editedAt: wasThinking ? undefined : now() }, 'edited');
    },
    remove(id: string): void {
      const message = get(id);
      messages.delete(id);
      announce(message, 'deleted');
    },
  };
}

export function isThinking({ flags }: Pick<Message, 'flags'>): boolean {
  return (flags & messageFlags.loading) !== 0;
}

function applied(before: Shown, form: MessageForm, { files, under }: Sent, newId: () => string): Shown {
  const { content, embeds, components } = form;
  const shown = {
    content: content === undefined ? before.content : (content ?? ''),
    embeds: embeds === undefined ? before.embeds : (embeds ?? []),
    components: components === undefined ? before.components : numbered(components ?? []),
    attachments: [...kept(before.attachments, form), ...files.map((file) => attach(file, form, newId))],
    flags: before.flags | ((form.flags ?? 0) & settable),
  };
  refuseLegacyFields(shown, under);
  if (isEmpty(shown)) throw emptyMessage();
  return shown;
}

function isEmpty({ content, embeds, components, attachments, flags }: Shown): boolean {
  if ((flags & messageFlags.componentsV2) !== 0) return components.length === 0;
  return content === '' && embeds.length === 0 && attachments.length === 0;
}

function kept(attachments: readonly Attachment[], form: MessageForm): readonly Attachment[] {
  if (form.attachments === undefined) return attachments;
  return attachments.filter(({ id }) => form.attachments?.some((named) => named.id === id));
}

function attach({ index, name, type, bytes }: UploadedFile, form: MessageForm, newId: () => string): Attachment {
  const named = form.attachments?.find(({ id }) => id === String(index));
  const description = named?.description ?? null;
  return { id: newId(), filename: named?.filename ?? name, description, contentType: type, bytes };
}

// Discord gives every component without an id the next free number.
function numbered(components: readonly TopComponent[]): readonly TopComponent[] {
  const copy = structuredClone(components);
  const parts: Component[] = flatten(copy).map(({ component }) => component);
  const taken = new Set(parts.map(({ id }) => id));
  let next = 1;
  for (const part of parts) {
    if (part.id) continue;
    while (taken.has(next)) next += 1;
    part.id = next;
    next += 1;
  }
  return copy;
}
