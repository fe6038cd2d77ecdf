import { type Command, subcommand } from '../src/command.ts';
import { Failure, type FailureData } from '../src/errors.ts';
import type { KeyListing } from '../src/keys.ts';
import { type KeyCheck, requireVenue } from '../src/leverage/venue.ts';
import type { Services } from '../src/services.ts';
import type { View } from '../src/view.ts';
import { account, createCompleter, label, parseLabel, venue } from './options.ts';

const MAX_BUTTONS = 5;

type KeyRefusal = Extract<KeyCheck, { kind: 'refused' }>['reason'];

/** /keys add | list | check | remove */
export function createKeys(services: Services): Command {
  const { venues, keys, tickets, createKeyLink } = services;
  const complete = createCompleter(services);
  const nameOf = (key: KeyListing['account']) => `${venues.get(key.venue)?.label ?? key.venue} key "${key.label}"`;

  const add = subcommand({
    name: 'add',
    description: 'Add an exchange key, by a link',
    options: { venue, label },
    complete,
    run: async ({ user, userName, guild, delivery }, values): Promise<View> => {
      const found = requireVenue(venues, values.venue);
      const key = { user, venue: found.id, label: parseLabel('label', values.label) };
      const link = await createKeyLink({ account: key, userName, delivery, ...(guild !== undefined && { guild }) });
      return {
        tone: 'ask',
        title: `Add your ${nameOf(key)}`,
        body: [
          `${found.keyAdvice}\n\nThen enter it on the bot’s own page, never here. The link is yours alone, works once and ends `,
          { time: link.expiresAt, style: 'relative' },
          link.isLocal
            ? '. It works only in a browser on the machine that runs the bot.'
            : '. The page asks you to sign in with Discord first.',
        ],
        fields: [{ name: 'Know before you do', value: found.keyWarning }],
        footer: 'The key is used only after you press "Use this key" here.',
        buttons: [{ kind: 'link', url: link.url, label: 'Enter the key' }],
      };
    },
  });

  const list = subcommand({
    name: 'list',
    description: 'List your keys',
    options: {},
    run: async ({ user }): Promise<View> => {
      const own = await keys.list(user);
      if (own.length === 0) return { tone: 'plain', title: 'You have no keys here', body: 'Add one with /keys add.' };
      return { tone: 'plain', title: 'Your keys', fields: own.map(listed), ...(await waitingButtons(own)) };
    },
  });

  const listed = (key: KeyListing) => {
    const fingerprint = key.fingerprint === undefined ? [] : [{ code: key.fingerprint }];
    const added = key.addedAt === undefined ? [] : [', added ', { time: key.addedAt, style: 'relative' } as const];
    return { name: nameOf(key.account), value: [...fingerprint, ...added, statusText(key)] };
  };

  async function waitingButtons(own: readonly KeyListing[]): Promise<Pick<View, 'body' | 'buttons'>> {
    const waiting = own.filter((key) => key.status === 'waiting').slice(0, MAX_BUTTONS);
    const issued = await Promise.all(
      waiting.map(async ({ account, fingerprint = '', isUndecided }) => {
        const { id, endsAt } = await tickets.issue(account.user, { kind: 'use-key', account, fingerprint });
        const [label, style] = [`Use ${nameOf(account)}`, isUndecided ? 'danger' : 'primary'] as const;
        return { endsAt, button: { kind: 'press', verb: 'do', id, label, style } as const };
      }),
    );
    const [first] = issued;
    if (first === undefined) return {};
    const body = ['The buttons end ', { time: first.endsAt, style: 'relative' } as const, '.'];
    return { body, buttons: issued.map(({ button }) => button) };
  }

  const check = subcommand({
    name: 'check',
    description: 'Test a key at the exchange',
    options: { venue, account },
    complete,
    run: async ({ user }, values): Promise<View> => {
      const found = requireVenue(venues, values.venue);
      const key = await keys.load({ user, venue: found.id, label: parseLabel('account', values.account) });
      const result = await found.checkKey(key.credentials);
      if (result.kind === 'undecided') throw new Failure({ code: 'KEY_UNDECIDED', venue: found.label });
      if (result.kind === 'refused') throw new Failure(keyFailure(found.label, result.reason));
      return {
        tone: 'done',
        title: `${found.label} accepts the key "${key.account.label}"`,
        body: [
          { code: key.fingerprint },
          ', added ',
          { time: key.addedAt, style: 'relative' },
          ['.', ...result.notes].join(' '),
        ],
      };
    },
  });

  const remove = subcommand({
    name: 'remove',
    description: 'Remove a key',
    options: { venue, account },
    complete,
    run: async ({ user }, values): Promise<View> => {
      const target = {
        user,
        venue: requireVenue(venues, values.venue).id,
        label: parseLabel('account', values.account),
      };
      const own = (await keys.list(user)).filter((key) => key.account.venue === target.venue);
      if (!own.some((key) => key.account.label === target.label)) {
        const others = own.map((key) => key.account.label);
        throw new Failure({
          code: 'KEY_MISSING',
          venue: requireVenue(venues, target.venue).label,
          account: target.label,
          others,
        });
      }
      const { id, endsAt } = await tickets.issue(user, { kind: 'remove-key', account: target });
      return {
        tone: 'ask',
        title: `Remove your ${nameOf(target)}?`,
        body: [
          'The bot can then no longer use it. Your leverage at the exchange stays as it is. The buttons end ',
          { time: endsAt, style: 'relative' },
          '.',
        ],
        buttons: [
          { kind: 'press', verb: 'do', id, label: `Remove ${nameOf(target)}`, style: 'danger' },
          { kind: 'press', verb: 'drop', id, label: 'Keep it', style: 'secondary' },
        ],
      };
    },
  });

  return { name: 'keys', description: 'Your exchange keys', subcommands: [add, list, check, remove] };
}

const undecidedText =
  'The exchange did not say what it may do: it may be able to withdraw. Use it only if you made it without that.';

/** A stored key was accepted once: when it no longer is, the way out is a new one. */
function keyFailure(label: string, reason: KeyRefusal): FailureData {
  if (reason === 'rejected') return { code: 'VENUE_REFUSED', venue: label, refusal: 'key-rejected' };
  return { code: 'KEY_REFUSED', venue: label, reason };
}

function statusText({ status, isUndecided }: KeyListing): string {
  switch (status) {
    case 'active':
      return '';
    case 'waiting':
      return `: not in use until you press the button below${isUndecided ? `. ${undecidedText}` : ''}`;
    case 'unreadable':
      return ': can no longer be read. Remove it and add it again.';
  }
}
