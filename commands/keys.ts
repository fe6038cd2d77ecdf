import type { Account } from '../src/account.ts';
import { type Call, type Command, type Subcommand, subcommand } from '../src/command.ts';
import { Failure, type FailureData, type KeyRefusal } from '../src/errors.ts';
import type { KeyListing } from '../src/keys.ts';
import {
  fullLabelOf,
  keyEndText,
  moveSteps,
  newKeyObstacle,
  requireOpen,
  successorOf,
} from '../src/leverage/retirement.ts';
import { labelOf, requireVenue, type Venue } from '../src/leverage/venue.ts';
import type { Services } from '../src/services.ts';
import type { View } from '../src/view.ts';
import { completeOption } from './completions.ts';
import { account, label, parseLabel, venue } from './options.ts';

const MAX_BUTTONS = 5;

/** /keys add | list | check | remove */
export function createKeys(services: Services): Command {
  const complete: Subcommand['complete'] = (...asked) => completeOption(services, ...asked);
  const add = subcommand({
    name: 'add',
    description: 'Add a key, by a link',
    options: { venue, label },
    complete,
    run: (call, values) => addKey(services, call, values),
  });
  const list = subcommand({
    name: 'list',
    description: 'List your keys',
    options: {},
    run: ({ user }) => listKeys(services, user),
  });
  const check = subcommand({
    name: 'check',
    description: 'Test a key',
    options: { venue, account },
    complete,
    run: ({ user }, values) => checkKey(services, user, values),
  });
  const remove = subcommand({
    name: 'remove',
    description: 'Remove a key',
    options: { venue, account },
    complete,
    run: ({ user }, values) => askToRemove(services, user, values),
  });
  return { name: 'keys', description: 'Your exchange keys', subcommands: [add, list, check, remove] };
}

type AddValues = { readonly venue: string; readonly label: string | undefined };
type KeyValues = { readonly venue: string; readonly account: string | undefined };

async function addKey(services: Services, call: Call, values: AddValues): Promise<View> {
  const { venues, createKeyLink } = services;
  const { user, userName, guild, delivery } = call;
  const found = requireVenue(venues, values.venue);
  const obstacle = newKeyObstacle(venues, found);
  if (obstacle !== undefined) throw new Failure(obstacle);
  const own = { user, venue: found.id, label: parseLabel('label', values.label) };
  await services.keys.assertRoom(own);
  const link = await createKeyLink({ account: own, userName, delivery, ...(guild !== undefined && { guild }) });
  return {
    tone: 'ask',
    title: `Add your ${keyName(services, own)}`,
    body: [
      `${found.keyAdvice}\n\nThen enter it on the bot’s own page, never here. The link is yours alone, works once and ends `,
      { time: link.expiresAt, style: 'relative' },
      link.isLocal
        ? '. It works only in a browser on the machine that runs the bot.'
        : '. The page asks you to sign in with Discord first.',
    ],
    fields: [{ name: 'Know before you do', value: found.keyWarning }, ...endFields(services, found)],
    footer: 'The key is used only after you press "Use this key" here.',
    buttons: [{ kind: 'link', url: link.url, label: 'Enter the key' }],
  };
}

async function listKeys(services: Services, user: string): Promise<View> {
  const own = await services.keys.list(user);
  if (own.length === 0) return { tone: 'plain', title: 'You have no keys here', body: 'Add one with /keys add.' };
  const fields = own.map((key) => keyField(services, key));
  const ending = [...new Set(own.map((key) => key.account.venue))].flatMap((id) => {
    const found = services.venues.get(id);
    return found === undefined ? [] : endFields(services, found, own);
  });
  return {
    tone: 'plain',
    title: 'Your keys',
    fields: [...fields, ...ending],
    ...(await waitingButtons(services, own)),
  };
}

/** What whoever has, or makes, a key of a venue that ends should know. */
function endFields({ venues }: Services, found: Venue, own: readonly KeyListing[] = []): NonNullable<View['fields']> {
  const successor = successorOf(venues, found);
  const hasMoved = own.some(({ account, status }) => account.venue === successor?.id && status === 'active');
  const steps = moveSteps(found, successor, hasMoved);
  return steps.length === 0 ? [] : [{ name: fullLabelOf(found), value: steps.join('\n') }];
}

function keyField(services: Services, key: KeyListing) {
  const fingerprint = key.fingerprint === undefined ? [] : [{ code: key.fingerprint }];
  const added = key.addedAt === undefined ? [] : [', added ', { time: key.addedAt, style: 'relative' } as const];
  return { name: keyName(services, key.account), value: [...fingerprint, ...added, statusText(key)] };
}

async function waitingButtons(services: Services, own: readonly KeyListing[]): Promise<Pick<View, 'body' | 'buttons'>> {
  const waiting = own.filter((key) => key.status === 'waiting').slice(0, MAX_BUTTONS);
  const issued = await Promise.all(waiting.map((key) => useButton(services, key)));
  const [first] = issued;
  if (first === undefined) return {};
  const body = ['The buttons end ', { time: first.endsAt, style: 'relative' } as const, '.'];
  return { body, buttons: issued.map(({ button }) => button) };
}

async function useButton(services: Services, { account: own, fingerprint = '', isUndecided }: KeyListing) {
  const action = { kind: 'use-key', account: own, fingerprint } as const;
  const { id, endsAt } = await services.tickets.issue(own.user, action);
  const style = isUndecided ? 'danger' : 'primary';
  return { endsAt, button: { kind: 'press', verb: 'do', id, label: `Use ${keyName(services, own)}`, style } as const };
}

async function checkKey({ venues, keys }: Services, user: string, values: KeyValues): Promise<View> {
  const found = requireOpen(venues, values.venue);
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
      ['.', ...result.notes, keyEndText(found) ?? ''].join(' ').trimEnd(),
    ],
  };
}

async function askToRemove(services: Services, user: string, values: KeyValues): Promise<View> {
  const found = requireVenue(services.venues, values.venue);
  const own = { user, venue: found.id, label: parseLabel('account', values.account) };
  await assertKept(services, found, own);
  const { id, endsAt } = await services.tickets.issue(user, { kind: 'remove-key', account: own });
  const name = keyName(services, own);
  return {
    tone: 'ask',
    title: `Remove your ${name}?`,
    body: [
      'The bot can then no longer use it. Your leverage at the exchange stays as it is. The buttons end ',
      { time: endsAt, style: 'relative' },
      '.',
    ],
    buttons: [
      { kind: 'press', verb: 'do', id, label: `Remove ${name}`, style: 'danger' },
      { kind: 'press', verb: 'drop', id, label: 'Keep it', style: 'secondary' },
    ],
  };
}

/** @throws Failure KEY_MISSING with the labels of the keys that there are */
async function assertKept({ keys }: Services, { id, label: venueLabel }: Venue, own: Account): Promise<void> {
  const labels = (await keys.list(own.user)).filter((key) => key.account.venue === id).map((key) => key.account.label);
  if (labels.includes(own.label)) return;
  throw new Failure({ code: 'KEY_MISSING', venue: venueLabel, account: own.label, others: labels });
}

function keyName({ venues }: Services, key: Account): string {
  return `${labelOf(venues, key.venue)} key "${key.label}"`;
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
