import type { Row } from './forms/component-form.ts';
import { type Embed, type MessageForm, readMessageForm } from './forms/message-form.ts';
import { type Change, messageFlags } from './model.ts';
import { emptyMessage, type Path, unknownMessage } from './refusal.ts';

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
  readonly components: readonly Row[];
  readonly flags: number;
  readonly createdAt: number;
  readonly editedAt: number | undefined;
  readonly onlyFor: string | undefined;
  readonly origin: MessageOrigin | undefined;
  readonly repliesTo: string | undefined;
};

type Sent = { readonly body: unknown; readonly under: Path };
type Draft = {
  readonly channelId: string;
  readonly origin?: MessageOrigin;
  readonly onlyFor?: string | undefined;
  readonly repliesTo?: string;
};
export type Messages = ReturnType<typeof createMessages>;

const empty = { content: '', embeds: [], components: [], flags: 0 };
type Shown = Pick<Message, 'content' | 'embeds' | 'components' | 'flags'>;

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

  function make(draft: Draft, shown: Shown): Message {
    const { channelId, origin, onlyFor, repliesTo } = draft;
    const flags = shown.flags | (onlyFor === undefined ? 0 : messageFlags.ephemeral);
    const added = { editedAt: undefined, onlyFor, origin, repliesTo };
    return store({ ...shown, flags, id: newId(), channelId, createdAt: now(), ...added }, 'created');
  }

  return {
    get,
    find: (id: string) => messages.get(id),
    all: () => [...messages.values()],
    create: (draft: Draft, sent: Sent): Message => make(draft, applied(empty, readMessageForm(sent.body, sent.under))),
    /** The "is thinking" placeholder of a deferred reply. */
    createThinking: (draft: Draft): Message => make(draft, { ...empty, flags: messageFlags.loading }),
    edit(id: string, sent: Sent): Message {
      const before = get(id);
      const wasThinking = isThinking(before);
      const shown = applied(before, readMessageForm(sent.body, sent.under));
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

function applied(before: Shown, { content, embeds, components }: MessageForm): Shown {
  const shown = {
    content: content === undefined ? before.content : (content ?? ''),
    embeds: embeds === undefined ? before.embeds : (embeds ?? []),
    components: components === undefined ? before.components : numbered(components ?? []),
    flags: before.flags,
  };
  if (shown.content === '' && shown.embeds.length === 0) throw emptyMessage();
  return shown;
}

// Discord gives every component without an id the next free number.
function numbered(rows: readonly Row[]): readonly Row[] {
  const copy = structuredClone(rows);
  const parts = copy.flatMap((row) => [row, ...row.components]);
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
