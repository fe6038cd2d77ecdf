import { describe, expect, test } from 'vitest';
import { outcomeSchema } from '../../src/confirm/outcome.ts';
import { Failure } from '../../src/errors.ts';
import type { View } from '../../src/view.ts';
import {
  alice,
  CARD_MS,
  delivery,
  type Gate,
  isolated,
  labelsOf,
  openGate,
  shownBy,
  wordsOf,
} from '../support/gate.ts';
import { type Fate, silence } from '../support/paper-venue.ts';
import { turnsWhile } from '../support/turns.ts';

async function withCard() {
  const gate = await openGate();
  await gate.addKey(alice);
  return { gate, id: (await gate.ask(alice)).id };
}

/** A card whose write got no answer. */
async function unsettled(fate: Fate, canReadBack: boolean) {
  const { gate, id } = await withCard();
  Object.assign(gate.state, { fate, readBackFailure: canReadBack ? undefined : silence });
  await gate.press('confirm', id);
  return { gate, id };
}

/** After that long others settle what its owner left, and tell what it has not told. */
const TAKEN_OVER_MS = 21_000;
const UNTOLD_MS = 15_000;

const found = (gate: Gate, id: string) => gate.parts().proposals.require(id);
const told = (gate: Gate) => gate.messages.map(({ view }) => view.title);
const tick = (gate: Gate, ms = 0) => {
  gate.clock.advance(ms);
  return gate.parts().caretaker.tick();
};

describe('expired cards', () => {
  test('lose their buttons at their time, once, and not a millisecond before', async () => {
    const { gate, id } = await withCard();
    await tick(gate, CARD_MS - 1);
    expect(gate.messages).toEqual([]);
    await tick(gate, 1);
    await tick(gate, 1);
    expect(told(gate)).toEqual(['Expired: BTCUSD to 5x isolated']);
    expect(labelsOf(gate.messages[0]?.view)).toEqual([]);
    expect(gate.outcomes).toMatchObject([{ id, outcome: { kind: 'expired' } }]);
  });

  test('whose own message never became known leave the message alone that they were asked for on', async () => {
    const { gate, id } = await withCard();
    await (await gate.press('confirm', id)).told?.();
    expect((await gate.press('back', id)).answer?.title).toContain('Set BTCUSD to cross margin');
    await tick(gate, CARD_MS);
    expect(gate.outcomes.at(-1)).toMatchObject({ outcome: { kind: 'expired' } });
    expect(gate.messages).toEqual([]);
  });

  test('whose own message became known lose their buttons there', async () => {
    const { gate, id } = await withCard();
    await (await gate.press('confirm', id)).told?.();
    await (await gate.press('back', id)).answered?.('555');
    await tick(gate, CARD_MS);
    expect(gate.messages).toMatchObject([{ delivery: { messageId: '555' }, view: { tone: 'plain' } }]);
  });

  test('are nothing to tell later when their message is out of reach', async () => {
    const { gate } = await withCard();
    gate.discord.result = 'lost';
    await tick(gate, CARD_MS);
    expect(await gate.parts().proposals.untold(alice)).toEqual([]);
  });

  test('are found again after a restart', async () => {
    const { gate } = await withCard();
    gate.restart();
    await gate.parts().caretaker.tick();
    await tick(gate, CARD_MS);
    expect(told(gate)).toEqual(['Expired: BTCUSD to 5x isolated']);
  });
});

describe('after a crash', () => {
  test('what was claimed was not sent, and never will be', async () => {
    const { gate, id } = await withCard();
    await gate.parts().proposals.claim(id, delivery);
    gate.restart();
    await tick(gate, TAKEN_OVER_MS);
    expect(told(gate)).toEqual(['Not sent: the bot was interrupted']);
    expect(gate.writes).toEqual([]);
    expect(await gate.parts().proposals.holderOf((await found(gate, id)).proposal.keyHash)).toBeUndefined();
  });

  test.each([
    ['holds it', true, 'Done: BTCUSD is at 5x isolated', 'done'],
    ['does not hold it', false, 'Not known yet: BTCUSD to 5x isolated', 'settling'],
  ])('what was sending is read back: the venue %s', async (_what, isHeld, title, stage) => {
    const { gate, id } = await withCard();
    const { proposals } = gate.parts();
    await proposals.claim(id, delivery);
    await proposals.startSending(await proposals.require(id));
    if (isHeld) gate.held.set('BTCUSD', { mode: 'isolated', leverage: '5.0' });
    gate.restart();
    await tick(gate, TAKEN_OVER_MS);
    expect(told(gate)).toEqual([title]);
    expect((await found(gate, id)).stage).toBe(stage);
    expect(gate.writes).toEqual([]);
  });

  test('a result that was stored and not shown is shown a little later, once', async () => {
    const { gate, id } = await withCard();
    await gate.press('confirm', id);
    gate.restart();
    await tick(gate, UNTOLD_MS - 1);
    expect(gate.messages).toEqual([]);
    await tick(gate, 1);
    expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
    expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
    gate.restart();
    await tick(gate, UNTOLD_MS);
    expect(gate.messages).toHaveLength(1);
  });

  test('a new card that stands where a stale one stood is left alone at the start', async () => {
    const { gate, id } = await withCard();
    gate.held.set('BTCUSD', isolated('9'));
    expect(shownBy(await gate.press('confirm', id))).toContain('This card is new');
    gate.restart();
    await gate.parts().caretaker.tick();
    expect(gate.messages).toEqual([]);
  });

  test('a result that was not shown and cannot be shown any more is told with the next command', async () => {
    const { gate, id } = await withCard();
    await gate.press('confirm', id);
    gate.restart();
    gate.discord.result = 'lost';
    await tick(gate, UNTOLD_MS);
    const news = await gate.parts().telling.newsFor(alice);
    expect(news.map(({ view }) => view.title)).toEqual(['Done: BTCUSD is at 5x isolated']);
  });

  test('a result that was shown is told neither again at the start nor with a command', async () => {
    const { gate, id } = await withCard();
    const reply = await gate.press('confirm', id);
    expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
    await reply.told?.();
    expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
    await tick(gate);
    gate.restart();
    await gate.parts().caretaker.tick();
    expect(gate.messages).toEqual([]);
    expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
  });

  test('a card that can no longer be read keeps none of the others waiting', async () => {
    const { gate, id } = await withCard();
    const other = await gate.ask(alice, { market: 'ETHUSD' });
    for (const each of [id, other.id]) {
      const row = await gate.store.get(`proposal/${each}`);
      const value = each === id ? '{}' : (row?.value ?? '');
      await gate.store.commit({ writes: [{ key: `proposal/${each}`, value, dueMs: CARD_MS }] });
    }
    gate.clock.advance(CARD_MS);
    gate.restart();
    await gate.parts().caretaker.tick();
    expect(told(gate)).toEqual(['Expired: ETHUSD to 5x isolated']);
    expect(gate.errors).toHaveLength(1);
    await tick(gate, CARD_MS);
    expect(gate.errors, 'it is not looked at for ever').toHaveLength(1);
  });
});

describe('a message that may show something else than its receipt', () => {
  const mended = (gate: Gate) => gate.messages.map(({ view }) => view.title);

  test('is edited again a little later, and its result is then told', async () => {
    const { gate, id } = await withCard();
    const reply = await gate.press('confirm', id);
    await reply.lost?.();
    await reply.mend?.();
    await tick(gate, 9_999);
    expect(mended(gate)).toEqual([]);
    await tick(gate, 1);
    expect(mended(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
    expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
  });

  test('is edited three times at most, and its result stays news', async () => {
    const { gate, id } = await withCard();
    gate.discord.result = 'lost';
    const reply = await gate.press('confirm', id);
    await reply.lost?.();
    await reply.mend?.();
    for (let round = 0; round < 30; round += 1) await tick(gate, 10_000);
    expect(mended(gate)).toHaveLength(3);
    expect(await gate.parts().telling.newsFor(alice)).toHaveLength(1);
  });
});

test('an end that Discord does not let be shown is put right a little later, while its token lives', async () => {
  const { gate, id } = await withCard();
  gate.state.fate = 'silent, lost';
  await gate.press('confirm', id, alice, () => {}, { at: gate.clock.now() });
  gate.held.set('BTCUSD', isolated('5'));
  gate.discord.result = 'lost';
  await tick(gate, 1_000);
  gate.discord.result = 'told';
  await tick(gate, 9_999);
  expect(gate.messages).toHaveLength(1);
  await tick(gate, 1);
  expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated', 'Done: BTCUSD is at 5x isolated']);
  expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
});

test('a result stays news when a "Check now" on it could not be recorded', async () => {
  const { gate, id } = await unsettled('accepted', false);
  gate.discord.result = 'lost';
  for (let round = 0; round < 40; round += 1) await tick(gate, 10_000);
  expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind: 'applied', isReadBack: false } });
  gate.state.readFailure = undefined;
  gate.disk.beforeCommit = async () => {
    throw new Failure({ code: 'STORE_UNAVAILABLE' });
  };
  await expect(gate.press('check', id)).rejects.toThrow('STORE_UNAVAILABLE');
  expect(await gate.parts().telling.newsFor(alice)).toHaveLength(1);
});

test('why a public card was refused is whispered to its owner after a restart, and is news until it was', async () => {
  const { gate, id } = await withCard();
  gate.state.fate = 'refused';
  await gate.press('confirm', id, alice, () => {}, { isPublic: true });
  gate.restart();
  await tick(gate, UNTOLD_MS);
  expect(wordsOf(gate.messages[0]?.view)).toContain('Only the owner of this card sees why');
  expect(gate.whispers.map(({ view }) => wordsOf(view))).toEqual([expect.stringContaining('would liquidate')]);
  expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
});

/** Runs on for this long, looking each second as the app does. */
async function pass(gate: Gate, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) await tick(gate, 1_000);
}
const lastShown = (gate: Gate) => gate.messages.at(-1)?.view;
const relativeTimes = (view: View | undefined) =>
  (Array.isArray(view?.body) ? view.body : []).flatMap((span) =>
    typeof span === 'object' && 'style' in span && span.style === 'relative' ? [span.time] : [],
  );

describe('a write without an answer', () => {
  test('that is not there is "not known yet" until a read-back half a minute after the first, and is then final', async () => {
    const { gate, id } = await unsettled('silent, lost', true);
    await pass(gate, 29_000);
    for (const { view } of gate.messages) expect(view.title).toBe('Not known yet: BTCUSD to 5x isolated');
    await pass(gate, 1_000);
    expect(wordsOf(lastShown(gate))).toMatch(/^Not applied[\s\S]*It was read more than once/);
    expect((await found(gate, id)).stage).toBe('done');
    expect(gate.writes).toHaveLength(1);
  });

  test('counts down to each next look, and looks then', async () => {
    const { gate, id } = await unsettled('silent, lost', true);
    const start = gate.clock.now();
    const shown = [(await gate.press('confirm', id)).update];
    await pass(gate, 29_000);
    shown.push(...gate.messages.map(({ view }) => view));
    expect(shown.flatMap(relativeTimes).map((time) => time - start)).toEqual([1_000, 3_000, 10_000, 30_000]);
  });

  test('that lands late is told as done, with its story', async () => {
    const { gate } = await unsettled('silent, lost', true);
    gate.held.set('BTCUSD', { mode: 'isolated', leverage: '5' });
    await pass(gate, 1_000);
    expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
    expect(wordsOf(lastShown(gate))).toMatch(/Sent once at .*; no answer for less than 1 s\. Read back at /);
  });

  test('whose read-back fails is read until it can be', async () => {
    const { gate, id } = await unsettled('silent, applied', false);
    await pass(gate, 50_000);
    expect((await found(gate, id)).outcome).toMatchObject({ kind: 'unsettled' });
    gate.state.readFailure = undefined;
    await pass(gate, 10_000);
    expect(told(gate).at(-1)).toBe('Done: BTCUSD is at 5x isolated');
  });

  test('holds its key for five minutes at most, and then says that the bot has stopped asking', async () => {
    const { gate, id } = await unsettled('silent, applied', false);
    await pass(gate, 5 * 60_000 - 1_000);
    const { proposals } = gate.parts();
    const { keyHash } = (await found(gate, id)).proposal;
    expect((await proposals.holderOf(keyHash))?.proposal.id).toBe(id);
    await pass(gate, 30_000);
    expect(wordsOf(lastShown(gate))).toMatch(/Not known: [\s\S]*has stopped asking/);
    expect(await proposals.holderOf(keyHash)).toBeUndefined();
    expect(gate.writes).toHaveLength(1);
  });

  test('goes on after a restart where it was', async () => {
    const { gate, id } = await unsettled('silent, lost', true);
    await pass(gate, 20_000);
    gate.restart();
    await gate.parts().caretaker.tick();
    expect((await found(gate, id)).outcome).toMatchObject({ kind: 'unsettled' });
    await pass(gate, 10_000);
    expect((await found(gate, id)).outcome).toMatchObject({ kind: 'not-applied' });
  });
});

test('what was read again before a receipt was shown is shown after it', async () => {
  const { gate, id } = await withCard();
  gate.state.fate = 'silent, lost';
  const reply = await gate.press('confirm', id);
  gate.held.set('BTCUSD', isolated('5'));
  await pass(gate, 1_000);
  expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
  await reply.told?.();
  expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated', 'Done: BTCUSD is at 5x isolated']);
  const shown = await gate.press('check', id);
  await shown.told?.();
  expect(gate.messages, 'and only then').toHaveLength(2);
});

test('an edit that took long does not leave what "Check now" has settled meanwhile untold', async () => {
  const { gate, id } = await unsettled('silent, lost', true);
  gate.discord.duringEdit = async () => {
    gate.discord.duringEdit = async () => {};
    gate.held.set('BTCUSD', isolated('5'));
    await (await gate.press('check', id)).told?.();
  };
  await tick(gate, 1_000);
  expect(told(gate)).toEqual(['Not known yet: BTCUSD to 5x isolated', 'Done: BTCUSD is at 5x isolated']);
});

test('an end that cannot be shown is news, although what came before it was shown', async () => {
  const { gate, id } = await withCard();
  gate.state.fate = 'silent, lost';
  await (await gate.press('confirm', id)).told?.();
  gate.held.set('BTCUSD', isolated('5'));
  gate.discord.result = 'lost';
  await pass(gate, 2_000);
  const news = await gate.parts().telling.newsFor(alice);
  expect(news.map(({ view }) => view.title)).toEqual(['Done: BTCUSD is at 5x isolated']);
});

test('after a restart a change that settles is shown as it is read then, once', async () => {
  const { gate } = await unsettled('silent, lost', true);
  gate.discord.result = 'lost';
  await tick(gate, 1_000);
  gate.discord.result = 'told';
  gate.messages.length = 0;
  gate.held.set('BTCUSD', isolated('5'));
  gate.restart();
  await tick(gate, 2_000);
  await tick(gate, UNTOLD_MS);
  expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
});

describe('an accepted write', () => {
  test('whose old value is shown for a moment keeps its key, is read again, and is told as done', async () => {
    const { gate, id } = await unsettled('accepted, no effect', true);
    const { proposals } = gate.parts();
    const { keyHash } = (await found(gate, id)).proposal;
    expect((await proposals.holderOf(keyHash))?.proposal.id).toBe(id);
    gate.held.set('BTCUSD', isolated('5'));
    await pass(gate, 1_000);
    expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
    expect(await proposals.holderOf(keyHash)).toBeUndefined();
    expect(gate.outcomes.map(({ outcome }) => outcome.kind)).toEqual(['unsettled', 'applied']);
  });

  test('that still shows another value half a minute later differs for good', async () => {
    const { gate, id } = await unsettled('accepted, no effect', true);
    await pass(gate, 29_000);
    expect(told(gate).filter((title) => !title.startsWith('Accepted, not shown yet'))).toEqual([]);
    await pass(gate, 1_000);
    expect(lastShown(gate)?.title).toBe('Paper said yes but shows cross margin');
    expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind: 'differs' } });
  });

  test('that could not be read back is read again, and is told as done once it can be', async () => {
    const { gate } = await unsettled('accepted', false);
    await pass(gate, 5_000);
    gate.state.readFailure = undefined;
    await pass(gate, 5_000);
    expect(told(gate).at(-1)).toBe('Done: BTCUSD is at 5x isolated');
  });

  test.each([
    ['accepted', 'BTCUSD: 5x isolated accepted, not read back'],
    ['silent, applied', 'Not known: BTCUSD to 5x isolated'],
  ] as const)('that is "%s" and cannot be read back for five minutes ends with what is known', async (fate, title) => {
    const { gate, id } = await unsettled(fate, false);
    await pass(gate, 5 * 60_000 + 30_000);
    expect(lastShown(gate)?.title).toBe(title);
    expect((await found(gate, id)).stage).toBe('done');
  });
});

describe('at a venue that does not show what is set', () => {
  async function unseen(fate: Fate) {
    const gate = await openGate();
    await gate.addKey(alice);
    Object.assign(gate.state, { fate, hidesSetting: true });
    const { id } = await gate.ask(alice);
    const { update } = await gate.press('confirm', id);
    return { gate, id, shown: update };
  }
  const holderOf = async (gate: Gate, id: string) =>
    (await gate.parts().proposals.holderOf((await found(gate, id)).proposal.keyHash))?.proposal.id;

  test('what it accepted is applied at once, and its key is free', async () => {
    const { gate, id, shown } = await unseen('accepted');
    expect(shown?.title).toBe('BTCUSD: 5x isolated applied, as Paper answered');
    expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind: 'applied', isReadBack: false } });
    expect(await holderOf(gate, id)).toBeUndefined();
    expect(gate.outcomes.map(({ outcome }) => outcome.kind)).toEqual(['applied']);
  });

  test('what it accepted, having shown the setting before, is looked at once more', async () => {
    const { gate, id } = await withCard();
    gate.state.hidesSetting = true;
    expect(shownBy(await gate.press('confirm', id))).toMatch(/^Accepted, not read back yet: [\s\S]*may take a moment/);
    expect(await holderOf(gate, id)).toBe(id);
    await pass(gate, 1_000);
    expect(told(gate)).toEqual(['BTCUSD: 5x isolated applied, as Paper answered']);
    expect(labelsOf(lastShown(gate))).toEqual(['Check now', 'Back to cross']);

    const late = await withCard();
    late.gate.state.hidesSetting = true;
    await late.gate.press('confirm', late.id);
    late.gate.state.hidesSetting = false;
    await pass(late.gate, 1_000);
    expect(told(late.gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
  });

  test.each(['silent, applied', 'silent, lost'] as const)(
    'a write that is "%s" keeps its key for half a minute and no longer, and nobody knows',
    async (fate) => {
      const { gate, id } = await unseen(fate);
      await pass(gate, 29_000);
      for (const title of told(gate)) expect(title).toBe('Not known yet: BTCUSD to 5x isolated');
      expect(await holderOf(gate, id)).toBe(id);
      await pass(gate, 1_000);
      expect(lastShown(gate)?.title).toBe('Not known: BTCUSD to 5x isolated');
      expect(labelsOf(lastShown(gate))).toEqual(['Set again']);
      expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind: 'unknown', isHidden: true } });
      expect(await holderOf(gate, id)).toBeUndefined();
      expect(gate.writes).toHaveLength(1);
    },
  );

  test.each([
    ['holds it', isolated('5'), 'Done: BTCUSD is at 5x isolated'],
    ['does not', isolated('2'), 'Not applied: BTCUSD is not at 5x isolated'],
  ] as const)('what shows late that the venue %s is used', async (_what, held, title) => {
    const { gate } = await unseen('silent, lost');
    await pass(gate, 20_000);
    gate.held.set('BTCUSD', held);
    gate.state.hidesSetting = false;
    await pass(gate, 45_000);
    expect(lastShown(gate)?.title).toBe(title);
  });

  test('a restart goes on where it was', async () => {
    const { gate, id } = await unseen('silent, lost');
    await pass(gate, 20_000);
    gate.restart();
    await gate.parts().caretaker.holdKeys();
    await pass(gate, 9_000);
    expect((await found(gate, id)).outcome).toMatchObject({ kind: 'unsettled', isHidden: true });
    await pass(gate, 1_000);
    expect((await found(gate, id)).outcome).toMatchObject({ kind: 'unknown', isHidden: true });
  });

  test('what was sending when the bot died has half a minute from then on', async () => {
    const { gate, id } = await withCard();
    gate.state.hidesSetting = true;
    const { proposals } = gate.parts();
    await proposals.claim(id, delivery);
    await proposals.startSending(await proposals.require(id));
    gate.restart();
    await tick(gate, TAKEN_OVER_MS);
    expect(wordsOf(lastShown(gate))).toMatch(
      /^Not known yet: [\s\S]*was interrupted [\s\S]*does not show this setting/,
    );
    await pass(gate, 29_000);
    expect((await found(gate, id)).stage).toBe('settling');
    await pass(gate, 1_000);
    expect(lastShown(gate)?.title).toBe('Not known: BTCUSD to 5x isolated');
    expect(gate.writes).toEqual([]);
  });

  test('"Check now" on a forged or old button changes nothing, and sends nothing', async () => {
    const { gate, id } = await unseen('silent, lost');
    await pass(gate, 30_000);
    const before = await found(gate, id);
    expect(shownBy(await gate.press('check', id))).toContain('Not known: BTCUSD');
    expect(await found(gate, id)).toEqual(before);
    gate.state.hidesSetting = false;
    gate.held.set('BTCUSD', isolated('5'));
    expect(shownBy(await gate.press('check', id))).toContain('Done: BTCUSD is at 5x isolated');
    await expect(gate.press('again', id)).rejects.toThrow('CARD_GONE');
    expect(gate.writes).toHaveLength(1);
  });

  test('that is taken out of the bot, a change ends with what is known', async () => {
    const { gate } = await unseen('silent, lost');
    gate.venues.delete('paper');
    await tick(gate, 1_000);
    expect(lastShown(gate)?.title).toBe('Not known: BTCUSD to 5x isolated');
    expect(labelsOf(lastShown(gate))).toEqual([]);
  });
});

describe('a change that settles', () => {
  const ends = [
    ['silent, lost', 'Not known: BTCUSD to 5x isolated', 'unknown'],
    ['accepted', 'BTCUSD: 5x isolated accepted, not read back', 'applied'],
  ] as const;

  test.each(ends)(
    'as "%s" and whose key was replaced is not guessed at, and ends once no late request can land',
    async (fate, title, kind) => {
      const { gate, id } = await unsettled(fate, false);
      gate.state.readFailure = undefined;
      await gate.addKey(alice, 'another-secret');
      await pass(gate, 29_000);
      expect((await found(gate, id)).stage).toBe('settling');
      await pass(gate, 1_000);
      expect(lastShown(gate)?.title).toBe(title);
      expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind } });
    },
  );

  test.each(ends)(
    'as "%s" at a venue that the bot no longer runs ends at once, and blocks neither deletion nor other news',
    async (fate, title, kind) => {
      const { gate, id } = await unsettled(fate, false);
      gate.discord.result = 'lost';
      gate.venues.delete('paper');
      gate.restart();
      await tick(gate, 1_000);
      expect(gate.errors).toEqual([]);
      expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind } });
      const news = await gate.parts().telling.newsFor(alice);
      expect(news.map(({ view }) => view.title)).toEqual([title]);
      expect(shownBy(await gate.press('check', id))).toContain(title);
      const { id: ticket } = await gate.parts().tickets.issue(alice, { kind: 'erase-user' }, 1000);
      expect(shownBy(await gate.press('do', ticket))).toContain('Everything of yours is deleted');
    },
  );

  test('at a venue that the bot no longer runs is told while it is under way', async () => {
    const { gate } = await unsettled('silent, lost', true);
    gate.venues.delete('paper');
    const { id: ticket } = await gate.parts().tickets.issue(alice, { kind: 'erase-user' }, 1000);
    await expect(gate.press('do', ticket)).rejects.toMatchObject({ data: { code: 'KEY_BUSY', venue: 'paper' } });
  });

  test('news that cannot be put into words keep no other news away', async () => {
    const { gate, id } = await withCard();
    const other = await gate.ask(alice, { market: 'ETHUSD' });
    await gate.press('confirm', id);
    const { proposals } = gate.parts();
    const failure = { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'unheard-of' };
    const odd = outcomeSchema.parse({ kind: 'refused', at: 1, failure });
    await proposals.claim(other.id, delivery);
    await proposals.finish(await proposals.require(other.id), odd);
    gate.restart();
    gate.clock.advance(UNTOLD_MS);
    const news = await gate.parts().telling.newsFor(alice);
    expect(news.map(({ view }) => view.title)).toEqual(['Done: BTCUSD is at 5x isolated']);
    expect(gate.errors).toHaveLength(1);
  });
});

describe('a write that is not settled', () => {
  test('is looked at again after a broken disk', async () => {
    const { gate, id } = await unsettled('silent, lost', true);
    gate.disk.isDown = true;
    await expect(tick(gate, 30_000)).rejects.toThrow('STORE_UNAVAILABLE');
    gate.disk.isDown = false;
    await tick(gate);
    expect((await found(gate, id)).stage).toBe('done');
  });

  test('whose message is out of reach is told with the next command, until it was told', async () => {
    const { gate, id } = await unsettled('silent, lost', true);
    gate.discord.result = 'lost';
    await tick(gate, 30_000);
    expect(await gate.parts().proposals.untold(alice)).toMatchObject([{ proposal: { id } }]);
    const [news] = await gate.parts().telling.newsFor(alice);
    expect(news?.view.title).toContain('Not applied: BTCUSD');
    await news?.told();
    expect(await gate.parts().proposals.untold(alice)).toEqual([]);
  });
});

describe('"Check now"', () => {
  test('settles at once what can be read, and never sends', async () => {
    const { gate, id } = await unsettled('silent, applied', false);
    gate.state.readFailure = undefined;
    expect(shownBy(await gate.press('check', id))).toContain('Done: BTCUSD');
    expect(gate.writes).toHaveLength(1);
  });

  test('pressed again and again does not end what may still land before its half minute', async () => {
    const { gate, id } = await unsettled('silent, lost', true);
    for (let round = 0; round < 3; round += 1) {
      gate.clock.advance(9_999);
      expect(shownBy(await gate.press('check', id))).toContain('The request can still take effect');
    }
    gate.clock.advance(3);
    expect(shownBy(await gate.press('check', id))).toContain('It was read more than once');
  });

  test('on a change that nobody knew the end of says "not applied", never that the venue had said yes', async () => {
    const { gate, id } = await unsettled('silent, lost', false);
    await pass(gate, 5 * 60_000 + 30_000);
    expect((await found(gate, id)).outcome).toMatchObject({ kind: 'unknown' });
    gate.state.readFailure = undefined;
    const shown = shownBy(await gate.press('check', id));
    expect(shown).toMatch(/Not applied[\s\S]*Run the command again/);
    expect(shown).not.toMatch(/said yes|read more than once|read once more/);
    expect(gate.outcomes.at(-1)).toMatchObject({ id, outcome: { kind: 'not-applied' } });
  });

  test.each([
    ['agrees', '5', 'Done: BTCUSD is at 5x isolated'],
    ['differs', '9', 'said yes but shows 9x isolated'],
  ])('on an accepted change that was not read back says that the venue %s', async (_what, leverage, words) => {
    const { gate, id } = await unsettled('accepted', false);
    await pass(gate, 5 * 60_000 + 30_000);
    expect(shownBy(await gate.press('check', id))).toContain('accepted, not read back');
    gate.state.readFailure = undefined;
    gate.held.set('BTCUSD', { mode: 'isolated', leverage });
    expect(shownBy(await gate.press('check', id))).toContain(words);
  });

  test.each(['cancelled', 'expired', 'refused', 'not-sent', 'applied'] as const)(
    'on an old button of a card that ended as "%s" changes nothing of it',
    async (kind) => {
      const { gate, id } = await withCard();
      if (kind === 'refused' || kind === 'not-sent') gate.state.fate = kind;
      if (kind === 'expired') await tick(gate, CARD_MS);
      else await gate.press(kind === 'cancelled' ? 'cancel' : 'confirm', id);
      const before = await found(gate, id);
      expect(before.outcome?.kind).toBe(kind);
      gate.held.set('BTCUSD', { mode: 'isolated', leverage: '9' });
      await gate.press('check', id);
      expect((await found(gate, id)).outcome).toEqual(before.outcome);
    },
  );
});

test('a bug in reading back ends as silence does: its key is free after five minutes, and its rows can be deleted', async () => {
  const { gate, id } = await withCard();
  gate.state.fate = 'silent, lost';
  await gate.press('confirm', id);
  const { venue } = gate;
  const readSetting = async () => {
    throw new TypeError('a bug');
  };
  gate.venues.set(venue.id, { ...venue, readSetting });
  for (let looks = 0; looks < 11; looks += 1) await tick(gate, 30_000);
  expect(gate.errors).toContainEqual(new TypeError('a bug'));
  const { stage, proposal, outcome } = await found(gate, id);
  expect({ stage, kind: outcome?.kind }).toEqual({ stage: 'done', kind: 'unknown' });
  expect(await gate.parts().proposals.holderOf(proposal.keyHash)).toBeUndefined();
  expect(await gate.parts().proposals.eraseAll(alice)).toBe(true);
});

test('news of how a change stood does not keep back the news of how it ended', async () => {
  const { gate, id } = await withCard();
  gate.state.fate = 'silent, lost';
  const reply = await gate.press('confirm', id);
  gate.discord.result = 'lost';
  await reply.lost?.();
  const [older] = await gate.parts().telling.newsFor(alice);
  expect(older?.view.title).toContain('Not known yet');
  await tick(gate, 31_000);
  await older?.told();
  const news = await gate.parts().telling.newsFor(alice);
  expect(news.map(({ view }) => view.title)).toEqual(['Not applied: BTCUSD is not at 5x isolated']);
});

test('a result that could not be shown leaves no note of a person who deleted everything meanwhile', async () => {
  const { gate, id } = await withCard();
  const reply = await gate.press('confirm', id);
  expect(await gate.parts().proposals.eraseAll(alice)).toBe(true);
  await reply.lost?.();
  expect(await gate.store.list('untold/')).toEqual([]);
});

test('after a crash that outlasted its lease a key takes no other change before its turn to be read back comes', async () => {
  const { gate, id } = await withCard();
  const other = await gate.ask(alice, { market: 'ETHUSD' });
  gate.state.fate = 'silent, lost';
  // More than are read back at once, and all before Alice.
  for (let number = 0; number < 50; number += 1) {
    const user = `0${number}`;
    await gate.addKey(user);
    await gate.press('confirm', (await gate.ask(user)).id, user);
  }
  await gate.press('confirm', id);
  const { venue } = gate;
  const { promise: read, resolve: answer } = Promise.withResolvers<void>();
  const readSetting: typeof venue.readSetting = async (...asked) => {
    await read;
    return venue.readSetting(...asked);
  };
  gate.venues.set(venue.id, { ...venue, readSetting });
  await gate.store.shorten('lease/', 1);
  gate.clock.advance(1_000);
  gate.restart();
  const { caretaker } = gate.parts();
  await caretaker.holdKeys();
  const recovered = caretaker.tick();
  gate.venues.set(venue.id, venue);
  const pressed = await gate.press('confirm', other.id);
  answer();
  await recovered;
  expect(pressed.answer?.title).toContain('Another change with this key is not finished');
  expect(gate.writes).toHaveLength(51);
});

test('a key stays held at the start although a process that died a moment ago had taken the row of its change', async () => {
  const { gate, id } = await withCard();
  const other = await gate.ask(alice, { market: 'ETHUSD' });
  gate.state.fate = 'silent, lost';
  await gate.press('confirm', id);
  gate.clock.advance(40_000);
  await gate.store.shorten('lease/', 1);
  gate.clock.advance(1);
  expect(await gate.store.takeDue({ limit: 64, forMs: 10_000 })).not.toEqual([]);
  gate.restart();
  const { caretaker } = gate.parts();
  await caretaker.holdKeys();
  await caretaker.tick();
  const pressed = await gate.press('confirm', other.id);
  expect(pressed.answer?.title).toContain('Another change with this key is not finished');
  expect(gate.writes).toHaveLength(1);
});

test.each(['its own message', 'another message'] as const)(
  '"Check now" below %s puts the message of the change right too',
  async (where) => {
    const { gate, id } = await withCard();
    gate.state.fate = 'silent, lost';
    await (await gate.press('confirm', id, alice, () => {}, { token: 'card' })).told?.();
    gate.held.set('BTCUSD', isolated('5'));
    const on = where === 'another message' ? { isPublic: true, publicId: '77' } : {};
    const checked = await gate.press('check', id, alice, () => {}, { token: 'other', ...on });
    await checked.told?.();
    await tick(gate, 10_000);
    expect(gate.messages).toMatchObject([
      { delivery: { token: 'card' }, view: { title: 'Done: BTCUSD is at 5x isolated' } },
    ]);
    expect(await gate.parts().telling.newsFor(alice)).toEqual([]);
  },
);

test('a change whose row is sealed anew while it is read back is read again', async () => {
  const { gate, id } = await unsettled('silent, lost', true);
  gate.disk.beforeCommit = async () => {
    gate.disk.beforeCommit = async () => {};
    const before = await found(gate, id);
    await gate.parts().proposals.replace(before, before.proposal);
  };
  await tick(gate, 1_000);
  gate.held.set('BTCUSD', isolated('5'));
  await tick(gate, 10_000);
  expect(told(gate).at(-1)).toBe('Done: BTCUSD is at 5x isolated');
});

test('a change whose end cannot be stored keeps its key until it can, however long that takes', async () => {
  const { gate, id } = await withCard();
  const other = await gate.ask(alice, { market: 'ETHUSD' });
  gate.state.duringWrite = async () => {
    gate.disk.beforeCommit = async () => {
      throw new Failure({ code: 'STORE_UNAVAILABLE' });
    };
  };
  await gate.press('confirm', id);
  for (let tries = 0; tries < 4; tries += 1) await expect(tick(gate, 10_000)).rejects.toThrow('STORE_UNAVAILABLE');
  gate.disk.beforeCommit = async () => {};
  expect((await gate.press('confirm', other.id)).answer?.title).toContain('Another change with this key');
  await tick(gate, 10_000);
  expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind: 'applied' } });
  expect(gate.writes).toHaveLength(1);
});

describe('rows that are due', () => {
  const EXPIRED = 'Expired: BTCUSD to 5x isolated';

  test('are visited with the next tick when the disk breaks before all are taken', async () => {
    const { gate } = await withCard();
    const notes = Array.from({ length: 64 }, (_, number) => ({ key: `mend/x/${number}`, value: '', dueMs: 60_001 }));
    await gate.store.commit({ writes: notes });
    gate.clock.advance(60_001);
    let commits = 0;
    gate.disk.beforeCommit = async () => {
      commits += 1;
      if (commits === 2) throw new Failure({ code: 'STORE_UNAVAILABLE' });
    };
    await expect(tick(gate)).rejects.toThrow('STORE_UNAVAILABLE');
    await tick(gate, 1_000);
    expect(told(gate)).toEqual([EXPIRED]);
  });

  test('at the start are visited with the next tick when the disk breaks before the first', async () => {
    const { gate } = await withCard();
    gate.clock.advance(CARD_MS);
    gate.restart();
    await gate.parts().caretaker.holdKeys();
    gate.disk.isDown = true;
    await expect(tick(gate)).rejects.toThrow('STORE_UNAVAILABLE');
    gate.disk.isDown = false;
    await tick(gate, 1_000);
    expect(told(gate)).toEqual([EXPIRED]);
  });

  test('let other work go on in between while thousands of them are taken', async () => {
    const { gate } = await withCard();
    const pages = 50;
    for (let page = 0; page < pages; page += 1) {
      const keys = Array.from({ length: 64 }, (_, number) => `untold/x/${page}-${number}`);
      await gate.store.commit({ writes: keys.map((key) => ({ key, value: '', dueMs: 0 })) });
    }
    const { count } = await turnsWhile(() => gate.parts().caretaker.tick());
    // Once for each page that is taken, and for each that is then looked at.
    expect(count).toBeGreaterThanOrEqual(2 * pages);
  });

  test('wait for none before them that an exchange does not answer for', async () => {
    const gate = await openGate();
    gate.state.fate = 'silent, lost';
    // More than are visited at once, and all before Alice’s.
    for (let number = 0; number < 60; number += 1) {
      const user = `0${number}`;
      await gate.addKey(user);
      await gate.press('confirm', (await gate.ask(user)).id, user);
    }
    await gate.addKey(alice);
    const { id } = await gate.ask(alice);
    const { venue } = gate;
    const { promise: read, resolve: answer } = Promise.withResolvers<void>();
    gate.venues.set(venue.id, { ...venue, readSetting: (...asked) => read.then(() => venue.readSetting(...asked)) });
    const edited = Promise.withResolvers<void>();
    gate.discord.duringEdit = async () => edited.resolve();
    const looked = tick(gate, CARD_MS);
    await edited.promise;
    expect(await found(gate, id)).toMatchObject({ stage: 'done', outcome: { kind: 'expired' } });
    answer();
    await looked;
    expect(told(gate)[0]).toBe(EXPIRED);
  });

  test('are let be when they cannot be put into words, and are news that keeps no other away', async () => {
    const { gate, id } = await withCard();
    const { proposals } = gate.parts();
    const failure = { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'unheard-of' };
    await proposals.claim(id, delivery);
    const odd = outcomeSchema.parse({ kind: 'refused', at: 1, failure });
    await proposals.finish(await proposals.require(id), odd);
    for (let looks = 0; looks < 10; looks += 1) await tick(gate, 10_000);
    expect(gate.errors).toHaveLength(1);
    expect(await proposals.untold(alice)).toMatchObject([{ proposal: { id } }]);
  });
});

test('a change is made known once although the list of what was set is damaged', async () => {
  const { gate, id } = await withCard();
  await gate.store.commit({ writes: [{ key: `symbols/${alice}/paper/main`, value: '{}' }] });
  await (await gate.press('confirm', id)).told?.();
  for (let looks = 0; looks < 10; looks += 1) await tick(gate, 10_000);
  expect(gate.outcomes).toMatchObject([{ id, outcome: { kind: 'applied' } }]);
  expect(await gate.store.list('audit/')).toEqual([]);
});
