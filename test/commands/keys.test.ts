import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { alice, bob, labelsOf, wordsOf } from '../support/gate.ts';
import { openCommands } from './support.ts';

describe('/keys add', () => {
  test('gives a link of one’s own, with what the key can do, and no field to type a key into', async () => {
    const { run, links, gate } = await openCommands();
    const view = await run(alice, 'keys add', { venue: 'paper', label: 'second' });
    expect(links).toEqual([gate.account(alice, 'second')]);
    expect(view.buttons).toEqual([{ kind: 'link', url: 'https://bot.example/link/token', label: 'Enter the key' }]);
    expect(wordsOf(view)).toMatch(/Some advice\.[\s\S]*sign in with Discord[\s\S]*A warning\./);
  });

  test('calls the first key main', async () => {
    const { run, links } = await openCommands();
    await run(alice, 'keys add', { venue: 'paper' });
    expect(links).toMatchObject([{ label: 'main' }]);
  });

  test('does not take a label that is none', async () => {
    const { run, failureOf, links } = await openCommands();
    expect(await failureOf(run(alice, 'keys add', { venue: 'paper', label: 'A/b' }))).toMatchObject({
      code: 'BAD_OPTION',
    });
    expect(links).toEqual([]);
  });
});

describe('/keys list', () => {
  test('says that there are none, and how to add one', async () => {
    const { run } = await openCommands();
    expect(wordsOf(await run(alice, 'keys list'))).toContain('/keys add');
  });

  test('shows fingerprints, and a button for each key that waits; never anybody else’s', async () => {
    const { run, gate } = await openCommands();
    const fingerprint = await gate.addKey(alice, 'canary-secret');
    await gate.addKey(bob, 'canary-of-bob');
    await gate.vault.saveIncoming(gate.account(alice, 'second'), credentialsOf(alice, { secret: 'canary-two' }));
    const view = await run(alice, 'keys list');
    expect(wordsOf(view)).toContain(fingerprint);
    expect(view.fields).toHaveLength(2);
    expect(labelsOf(view)).toEqual(['Use Paper key "second"']);
    expect(JSON.stringify(view)).not.toContain('canary');
    const [use] = view.buttons ?? [];
    await gate.press('do', use?.kind === 'press' ? use.id : '');
    expect((await gate.vault.list(alice)).map(({ status }) => status)).toEqual(['active', 'active']);
  });

  test('says which key can no longer be read', async () => {
    const { run, gate } = await openCommands();
    await gate.addKey(alice);
    await gate.store.commit({ writes: [{ key: `credential/${alice}/paper/main`, value: '{}' }] });
    expect(wordsOf(await run(alice, 'keys list'))).toContain('can no longer be read');
  });
});

describe('/keys list of a key that was saved although the venue did not say what it may do', () => {
  test('names the risk beside its button until it is in use', async () => {
    const { run, gate } = await openCommands();
    await gate.vault.saveIncoming(gate.account(alice), credentialsOf(alice, { secret: 'a-secret' }), true);
    const view = await run(alice, 'keys list');
    expect(wordsOf(view)).toContain('it may be able to withdraw');
    const [use] = view.buttons ?? [];
    expect(use).toMatchObject({ label: 'Use Paper key "main"', style: 'danger' });
    await gate.press('do', use?.kind === 'press' ? use.id : '');
    expect(wordsOf(await run(alice, 'keys list'))).not.toContain('withdraw');
  });
});

describe('/keys check', () => {
  test('asks the venue', async () => {
    const { run, gate } = await openCommands();
    await gate.addKey(alice);
    expect((await run(alice, 'keys check', { venue: 'paper' })).title).toBe('Paper accepts the key "main"');
  });

  test.each([
    [[], /\.$/],
    [['One note.', 'Two notes.'], /\. One note\. Two notes\.$/],
  ])('ends with the notes %j of the venue, and with no space', async (notes, end) => {
    const { run, gate } = await openCommands();
    await gate.addKey(alice);
    Object.assign(gate.venue, { checkKey: async () => ({ kind: 'usable', notes }) });
    const { body = '' } = await run(alice, 'keys check', { venue: 'paper' });
    expect(typeof body === 'string' ? body : body.at(-1)).toMatch(end);
  });

  test.each([
    ['rejected', { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'key-rejected' }],
    ['can-withdraw', { code: 'KEY_REFUSED', venue: 'Paper', reason: 'can-withdraw' }],
  ] as const)('says why a key is %s', async (reason, failure) => {
    const { run, gate, failureOf } = await openCommands();
    await gate.addKey(alice);
    Object.assign(gate.venue, { checkKey: async () => ({ kind: 'refused', reason }) });
    expect(await failureOf(run(alice, 'keys check', { venue: 'paper' }))).toEqual(failure);
  });
});

describe('/keys check of a key of which the venue does not say what it may do', () => {
  test('does not call it accepted', async () => {
    const { run, gate, failureOf } = await openCommands();
    await gate.addKey(alice);
    Object.assign(gate.venue, { checkKey: async () => ({ kind: 'undecided' }) });
    const failure = await failureOf(run(alice, 'keys check', { venue: 'paper' }));
    expect(failure).toEqual({ code: 'KEY_UNDECIDED', venue: 'Paper' });
  });
});

describe('/keys remove', () => {
  test('asks first, and removes nothing by itself', async () => {
    const { run, gate } = await openCommands();
    await gate.addKey(alice);
    const view = await run(alice, 'keys remove', { venue: 'paper' });
    expect(labelsOf(view)).toEqual(['Remove Paper key "main"', 'Keep it']);
    expect(await gate.vault.list(alice)).toHaveLength(1);
  });

  test('of a key that is not there names those that are', async () => {
    const { run, gate, failureOf } = await openCommands();
    await gate.addKey(alice);
    expect(await failureOf(run(alice, 'keys remove', { venue: 'paper', account: 'x' }))).toMatchObject({
      code: 'KEY_MISSING',
      others: ['main'],
    });
  });
});
