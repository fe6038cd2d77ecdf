import type { ChoiceForm } from './forms/command-form.ts';
import type { Ids } from './ids.ts';
import type { Change, Place } from './model.ts';
import { alreadyAcknowledged, invalidWebhookToken, unknownInteraction, unknownWebhook } from './refusal.ts';
import type { JsonObject } from './wire.ts';

const ACKNOWLEDGE_WITHIN_MS = 3_000;
const TOKEN_LIVES_MS = 15 * 60_000;
const KEPT = 1_000;

/** One request of the bot to an interaction or webhook route, and what it was answered. */
export type RestCall = {
  readonly at: number;
  readonly method: string;
  /** Without the interaction's token. */
  readonly path: string;
  readonly body: unknown;
  /** Absent when a fault left the request without an answer. */
  readonly status: number | undefined;
  readonly answer: unknown;
  readonly fault: string | undefined;
};

export type Interaction = {
  readonly id: string;
  readonly token: string;
  readonly type: number;
  readonly userId: string;
  readonly place: Place;
  readonly createdAt: number;
  readonly payload: JsonObject;
  /** How many gateway sessions the event went to. */
  readonly delivered: number;
  /** The full command name, for what a message says about its origin. */
  readonly name: string | undefined;
  readonly sourceMessageId: string | undefined;
  readonly acknowledgedAt: number | undefined;
  readonly callbackType: number | undefined;
  readonly originalId: string | undefined;
  readonly messageIds: readonly string[];
  readonly choices: readonly ChoiceForm[] | undefined;
  readonly calls: readonly RestCall[];
};

type InteractionDraft = Pick<Interaction, 'type' | 'userId' | 'place' | 'name' | 'sourceMessageId'>;
export type Interactions = ReturnType<typeof createInteractions>;

/** Every interaction with its token, its deadline and its answer. */
export function createInteractions(options: {
  readonly now: () => number;
  readonly ids: Ids;
  readonly changed: (change: Change) => void;
}) {
  const { now, ids, changed } = options;
  const known = new Map<string, Interaction>();
  const idsByToken = new Map<string, string>();

  function find(id: string): Interaction | undefined {
    return known.get(id);
  }

  function forgetOldest(): void {
    const [oldest] = known.values();
    if (known.size <= KEPT || oldest === undefined) return;
    known.delete(oldest.id);
    idsByToken.delete(oldest.token);
  }

  return {
    find,
    byToken: (token: string) => find(idsByToken.get(token) ?? ''),
    list: () => [...known.values()],
    open(draft: InteractionDraft, describe: (id: string, token: string) => JsonObject): Interaction {
      const id = ids.snowflake();
      const token = ids.interactionToken(id);
      const unanswered = { acknowledgedAt: undefined, callbackType: undefined, originalId: undefined };
      const nothing = { choices: undefined, messageIds: [], calls: [], delivered: 0 };
      const opened = { ...draft, ...unanswered, ...nothing, id, token, createdAt: now(), payload: describe(id, token) };
      known.set(id, opened);
      idsByToken.set(token, id);
      forgetOldest();
      return opened;
    },
    amend(id: string, change: Partial<Interaction>): void {
      const before = find(id);
      if (before === undefined) return;
      known.set(id, { ...before, ...change });
      changed({ kind: 'interaction', interactionId: id, userId: before.userId });
    },
    /** The interaction that a callback may still answer: three seconds, once. */
    answerable(id: string, token: string): Interaction {
      const found = find(id);
      if (found === undefined || found.token !== token) throw unknownInteraction();
      if (found.acknowledgedAt !== undefined && now() - found.createdAt <= TOKEN_LIVES_MS) throw alreadyAcknowledged();
      if (now() - found.createdAt > ACKNOWLEDGE_WITHIN_MS) throw unknownInteraction();
      return found;
    },
    /** The interaction whose messages may still be edited: acknowledged, for fifteen minutes. */
    editable(token: string): Interaction {
      const found = find(idsByToken.get(token) ?? '');
      if (found === undefined || now() - found.createdAt > TOKEN_LIVES_MS) throw invalidWebhookToken();
      if (found.acknowledgedAt === undefined) throw unknownWebhook();
      return found;
    },
  };
}
