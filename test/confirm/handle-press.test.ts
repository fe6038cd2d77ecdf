import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import type { Venue } from '../../src/leverage/venue.ts';
import type { View } from '../../src/view.ts';
import {
  alice,
  bob,
  CARD_MS,
  freely,
  type Gate,
  isolated,
  labelsOf,
  openGate,
  shownBy,
  wordsOf,
} from '../support/gate.ts';
import { type Fate, silence } from '../support/paper-venue.ts';

async function withCard(options: Parameters<typeof openGate>[0] = {}) {
  const gate = await openGate(options);
  await gate.addKey(alice);
  const proposal = await gate.ask(alice);
  return { ...gate, gate, id: proposal.id, proposal };
}

async function turnsOfTheLoop(count: number): Promise<string> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
  return 'still waiting';
}

/** After that long others settle what its owner left. */
const TAKEN_OVER_MS = 21_000;

const stageOf = async (gate: Gate, id: string) => (await gate.parts().proposals.require(id)).stage;

test('a card for another person’s key is pressed by whoever asked, who alone hears of it', async () => {
  const { gate, proposal } = await withCard();
  const { id: _, createdAt, expiresAt, ...request } = proposal;
  const { proposals, telling } = gate.parts();
  const { id } = await proposals.open({ ...request, by: bob }, CARD_MS, gate.delivery);
  await expect(gate.press('confirm', id)).rejects.toThrow('NOT_YOURS');
  const { update, lost } = await gate.press('confirm', id, bob);
  expect(wordsOf(update)).toContain('Done: BTCUSD');
  expect(gate.opened.map(({ fields }) => fields.secret?.reveal())).toContain(`secret-of-${alice}`);
  await lost?.();
  expect(await telling.newsFor(alice)).toEqual([]);
  expect(await telling.newsFor(bob)).toHaveLength(1);
});

describe('confirming', () => {
  test('writes once, reads back, and says what the venue holds', async () => {
    const { gate, id } = await withCard();
    const progress: View[] = [];
    const reply = await gate.press('confirm', id, alice, (view) => progress.push(view));
    expect(progress.map(wordsOf)).toEqual([expect.stringContaining('Setting BTCUSD to 5x isolated on Paper')]);
    expect(shownBy(reply)).toContain('Done: BTCUSD is at 5x isolated');
    expect(labelsOf(reply.update)).toEqual(['Back to cross']);
    expect(gate.writes).toEqual([{ market: 'BTCUSD', setting: isolated('5') }]);
    expect(gate.outcomes).toMatchObject([{ id, outcome: { kind: 'applied' } }]);
  });

  test('ten presses at once write once, and all of them show the same receipt', async () => {
    const { gate, id } = await withCard();
    const replies = await Promise.all(Array.from({ length: 10 }, () => gate.press('confirm', id)));
    expect(gate.writes).toHaveLength(1);
    for (const reply of replies) expect(shownBy(reply)).toContain('Done: BTCUSD is at 5x isolated');
  });

  test.each([
    ['accepted', false, 'Done: BTCUSD', 'done'],
    ['accepted', true, 'Accepted, not read back yet', 'settling'],
    ['accepted, no effect', false, 'Accepted, not shown yet', 'settling'],
    ['refused', false, 'Not changed: Paper refused', 'done'],
    ['not-sent', false, 'Not sent: Paper could not be reached', 'done'],
    ['silent, applied', false, 'Done: BTCUSD', 'done'],
    ['silent, applied', true, 'Not known yet', 'settling'],
    ['silent, lost', false, 'Not known yet', 'settling'],
    ['silent, lost', true, 'Not known yet', 'settling'],
  ] satisfies readonly (readonly [Fate, boolean, string, string])[])(
    'a write that is "%s" (unreadable after it: %s) shows "%s"',
    async (fate, isUnreadable, words, stage) => {
      const { gate, id, state } = await withCard();
      Object.assign(state, { fate, readBackFailure: isUnreadable ? silence : undefined });
      expect(shownBy(await gate.press('confirm', id))).toContain(words);
      expect(await stageOf(gate, id)).toBe(stage);
      const writes = gate.writes.length;
      expect(shownBy(await gate.press('confirm', id))).toContain(words);
      expect(gate.writes).toHaveLength(writes);
    },
  );

  test('a setting that moved since the card gives a new card, and nothing is written', async () => {
    const { gate, id, held } = await withCard();
    held.set('BTCUSD', isolated('9'));
    const reply = await gate.press('confirm', id);
    expect(shownBy(reply)).toMatch(/Nothing was sent\. This card is new[\s\S]*9x/);
    const [confirm] = reply.update?.buttons ?? [];
    expect(gate.writes).toEqual([]);
    expect(shownBy(await gate.press('confirm', confirm?.kind === 'press' ? confirm.id : ''))).toContain('Done');
  });

  test('a shared card that is renewed says the same with and without a position and orders', async () => {
    const renewed = async (exposure: object) => {
      const { gate, held, addKey, state } = await withCard();
      await addKey(alice);
      Object.assign(state, exposure);
      const shared = await gate.ask(alice, { market: 'ETHUSD' }, true);
      held.set('ETHUSD', isolated('9'));
      const { update } = await gate.press('confirm', shared.id);
      expect(labelsOf(update)).toEqual(['Set ETHUSD to 5x isolated', 'Cancel']);
      const { aside, ...shown } = { aside: undefined, ...update };
      return { aside: wordsOf(aside), shown: { ...shown, buttons: labelsOf(update) } };
    };
    const position = { symbol: 'ETHUSD', side: 'long', entryPrice: '100', markPrice: '110', liquidationPrice: '10' };
    const [exposed, calm] = [await renewed({ position, orderCount: 2 }), await renewed({})];
    expect(exposed.shown).toEqual(calm.shown);
    expect(exposed.aside).toContain('long position');
    expect(calm.aside).toBe('');
  });

  test('the key stays held until the read-back is over', async () => {
    const { gate, id, venue, venues } = await withCard();
    const other = await gate.ask(alice, { market: 'ETHUSD' });
    const duringReadBack: string[] = [];
    const readSetting: Venue['readSetting'] = async (...asked) => {
      if (gate.writes.length === 1) duringReadBack.push(wordsOf((await gate.press('confirm', other.id)).answer));
      return venue.readSetting(...asked);
    };
    venues.set('paper', { ...venue, readSetting });
    expect(shownBy(await gate.press('confirm', id))).toContain('Done: BTCUSD');
    expect(duringReadBack).toEqual([expect.stringMatching(/not finished.*Setting BTCUSD/)]);
    expect(gate.writes).toHaveLength(1);
  });

  test('a card made with a key that was replaced meanwhile stays and says so', async () => {
    const { gate, id } = await withCard();
    await gate.addKey(alice, 'another-secret');
    await expect(gate.press('confirm', id)).rejects.toThrow('KEY_CHANGED');
    expect(await stageOf(gate, id)).toBe('pending');
    expect(gate.writes).toEqual([]);
  });

  test('a card made before the operator’s maximum was lowered stays and says so', async () => {
    const maxLeverage = new Map([['paper', '10']]);
    const { gate, id } = await withCard({
      rules: { allowedGuilds: new Set(), allowedUsers: new Set(), maxLeverage, isHalted: false },
    });
    maxLeverage.set('paper', '4');
    await expect(gate.press('confirm', id)).rejects.toThrow('ABOVE_OPERATOR_MAXIMUM');
    expect(await stageOf(gate, id)).toBe('pending');
  });

  test('while another change with the same key runs, a card stays pending and names it', async () => {
    const { gate, id, state } = await withCard();
    const other = await gate.ask(alice, { market: 'ETHUSD' });
    const { promise, resolve } = Promise.withResolvers<void>();
    const writing = new Promise<void>((started) => {
      state.duringWrite = () => {
        started();
        return promise;
      };
    });
    const first = gate.press('confirm', id);
    await writing;
    const busy = await gate.press('confirm', other.id);
    expect(wordsOf(busy.answer)).toMatch(/Nothing was sent for this card\. Press it again/);
    expect(wordsOf(busy.answer)).not.toContain('replaces this message');
    expect(wordsOf(busy.answer)).toMatch(/not finished.*Setting BTCUSD/);
    expect(await stageOf(gate, other.id)).toBe('pending');
    resolve();
    await first;
    expect(shownBy(await gate.press('confirm', other.id))).toContain('Done: ETHUSD');
  });

  test('a disk that breaks before the write is committed sends nothing', async () => {
    const { gate, id, state, disk } = await withCard();
    state.duringRead = async () => {
      disk.isDown = true;
    };
    await expect(gate.press('confirm', id)).rejects.toThrow('STORE_UNAVAILABLE');
    expect(gate.writes).toEqual([]);
    disk.isDown = false;
    gate.clock.advance(TAKEN_OVER_MS);
    await gate.parts().caretaker.tick();
    expect(gate.messages.map(({ view }) => wordsOf(view))).toEqual([
      expect.stringContaining('Not sent: the bot was interrupted'),
    ]);
  });

  test('a stale card whose end cannot be stored makes no new one, since its own end will stand in that message', async () => {
    const { gate, id, held, disk } = await withCard();
    held.set('BTCUSD', isolated('9'));
    let commits = 0;
    disk.beforeCommit = async () => {
      commits += 1;
      // The first one claims the card.
      if (commits === 2) throw new Failure({ code: 'STORE_UNAVAILABLE' });
    };
    await expect(gate.press('confirm', id)).rejects.toThrow('STORE_UNAVAILABLE');
    gate.clock.advance(TAKEN_OVER_MS);
    await gate.parts().caretaker.tick();
    expect(gate.messages.map(({ view }) => view.title)).toEqual(['Not sent: the bot was interrupted']);
    expect(await gate.parts().proposals.openIds()).toEqual([]);
    expect(gate.writes).toEqual([]);
  });

  test.each(['removed', 'replaced'])('a key that is %s while its change is claimed sends nothing', async (end) => {
    const { gate, id, disk, state } = await withCard();
    const endKey = async () => {
      state.duringRead = async () => {};
      if (end === 'removed') await gate.vault.remove(gate.account(alice));
      else await gate.addKey(alice, 'another-secret');
    };
    // Somebody who looked for changes under way right before the claim found none.
    disk.beforeCommit = async () => {
      disk.beforeCommit = async () => {};
      state.duringRead = endKey;
    };
    const shown = shownBy(await gate.press('confirm', id));
    expect(shown).toContain(end === 'removed' ? 'Not sent: You have no' : 'was replaced after this card was made');
    expect(shown).toContain('Nothing was sent and nothing was changed');
    expect(gate.writes).toEqual([]);
    expect(await gate.parts().proposals.openIds()).toEqual([]);
  });

  test('a stale card whose successor cannot be stored is news for the next command', async () => {
    const { gate, id, held, disk } = await withCard();
    held.set('BTCUSD', isolated('9'));
    let commits = 0;
    disk.beforeCommit = async () => {
      commits += 1;
      // After the claim and the end of the old card.
      if (commits === 3) throw new Failure({ code: 'STORE_UNAVAILABLE' });
    };
    await expect(gate.press('confirm', id)).rejects.toThrow('STORE_UNAVAILABLE');
    const news = await gate.parts().telling.newsFor(alice);
    expect(news.map(({ view }) => view.title)).toEqual(['BTCUSD changed since this card was made']);
    gate.clock.advance(10_000);
    await gate.parts().caretaker.tick();
    expect(gate.messages.map(({ view }) => wordsOf(view))).toEqual([
      expect.stringContaining('Use its new card, or run the command again'),
    ]);
  });

  test('a late press of a stale card leaves the new card alone that stands in its message', async () => {
    const { gate, id, held } = await withCard();
    held.set('BTCUSD', isolated('9'));
    expect(shownBy(await gate.press('confirm', id))).toContain('Set BTCUSD');
    const { update, answer } = await gate.press('confirm', id);
    expect(update).toBeUndefined();
    expect(wordsOf(answer)).toContain('BTCUSD changed since this card was made');
  });

  test('a press that shows a change at work shows its end too when that came first', async () => {
    const { gate, id, state, disk } = await withCard();
    state.duringWrite = async () => {
      disk.isDown = true;
      throw new TypeError('dead');
    };
    await gate.press('confirm', id).catch(() => {});
    Object.assign(disk, { isDown: false });
    gate.restart();
    const late = await gate.press('cancel', id);
    expect(shownBy(late)).toContain('Setting BTCUSD');
    gate.held.set('BTCUSD', isolated('5'));
    gate.clock.advance(1_000);
    await gate.parts().caretaker.tick();
    await late.told?.();
    expect(gate.messages.map(({ view }) => view.title)).toEqual(Array(2).fill('Done: BTCUSD is at 5x isolated'));
  });

  test('a disk that breaks during the write does not keep the receipt back, and is settled by reading back', async () => {
    const { gate, id, state, disk } = await withCard();
    state.duringWrite = async () => {
      disk.isDown = true;
    };
    const reply = await gate.press('confirm', id).finally(() => {
      disk.isDown = false;
    });
    expect(shownBy(reply)).toContain('Done: BTCUSD is at 5x isolated');
    expect(gate.errors).toHaveLength(1);
    expect(await stageOf(gate, id)).toBe('sending');
    gate.clock.advance(TAKEN_OVER_MS);
    await gate.parts().caretaker.tick();
    expect((await gate.parts().proposals.require(id)).outcome).toMatchObject({ kind: 'applied', isReadBack: true });
    expect(gate.writes).toHaveLength(1);
  });

  test('a bug in the middle of a write is "not known", never "nothing was changed"', async () => {
    const { gate, id, state } = await withCard();
    state.duringWrite = async () => {
      throw new TypeError('a bug');
    };
    expect(shownBy(await gate.press('confirm', id))).toContain('Not known');
    expect(gate.errors).toEqual([new TypeError('a bug')]);
    state.duringWrite = async () => {};
    await gate.parts().caretaker.tick();
    expect(await stageOf(gate, id)).toBe('settling');
    expect(gate.writes).toEqual([]);
  });
});

describe('the other buttons', () => {
  test('a stranger is refused by every one of them, and spends nothing', async () => {
    const { gate, id } = await withCard();
    for (const verb of ['confirm', 'cancel', 'check', 'back', 'again'] as const) {
      await expect(gate.press(verb, id, bob)).rejects.toThrow('NOT_YOURS');
    }
    expect(await stageOf(gate, id)).toBe('pending');
  });

  test('a forged "Check now" leaves a card that waits, and the message of another card, as they are', async () => {
    const { gate, id } = await withCard();
    await expect(gate.press('check', id)).rejects.toThrow('CARD_GONE');
    expect(await stageOf(gate, id)).toBe('pending');

    const other = await gate.ask(alice, { market: 'ETHUSD' }, true);
    await gate.press('confirm', id);
    const onOther = { isPublic: true, publicId: 'message of the other card' };
    const { update, answer } = await gate.press('check', id, alice, () => {}, onOther);
    expect(update).toBeUndefined();
    expect(wordsOf(answer)).toContain('Done: BTCUSD');
    expect(await stageOf(gate, other.id)).toBe('pending');
    expect(gate.writes).toHaveLength(1);
  });

  test('a forged "Check now" while the request is under way does not settle it: its own answer does', async () => {
    const { gate, id } = await withCard();
    const onOther = { isPublic: true, publicId: 'message of another card' };
    gate.state.duringWrite = async () => {
      const { answer } = await gate.press('check', id, alice, () => {}, onOther);
      expect(answer?.title).toBe('Setting BTCUSD to 5x isolated on Paper …');
    };
    expect(shownBy(await gate.press('confirm', id))).toContain('Done: BTCUSD is at 5x isolated');
    expect(gate.outcomes).toMatchObject([{ id, outcome: { kind: 'applied', sent: { answer: 'accepted' } } }]);
  });

  test('somebody whom the operator has shut out cannot press, but can still delete', async () => {
    const allowedUsers = new Set([alice, bob]);
    const { gate, id } = await withCard({ rules: { ...freely, allowedUsers } });
    allowedUsers.delete(alice);
    await expect(gate.press('confirm', id)).rejects.toThrow('USER_NOT_ALLOWED');
    const { id: ticket } = await gate.parts().tickets.issue(alice, { kind: 'erase-user' }, 1000);
    expect(shownBy(await gate.press('do', ticket))).toContain('Everything of yours is deleted');
  });

  test('cancel ends a card; confirm after it shows that, and sends nothing', async () => {
    const { gate, id } = await withCard();
    expect(shownBy(await gate.press('cancel', id))).toContain('Cancelled');
    expect(shownBy(await gate.press('confirm', id))).toContain('Cancelled');
    expect(gate.writes).toEqual([]);
    expect(gate.outcomes).toMatchObject([{ outcome: { kind: 'cancelled' } }]);
  });

  test('cancel and confirm at once: one of them wins, and both show how it ended', async () => {
    const { gate, id } = await withCard();
    const replies = await Promise.all([gate.press('cancel', id), gate.press('confirm', id), gate.press('cancel', id)]);
    const ended = gate.writes.length === 1 ? 'Done: BTCUSD' : 'Cancelled';
    for (const reply of replies) expect(shownBy(reply)).toContain(ended);
  });

  test('a cancel that loses to a confirmation waits for its result', async () => {
    const { gate, id, state, disk } = await withCard();
    const written = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<void>();
    state.duringWrite = () => {
      written.resolve();
      return decided.promise;
    };
    let confirming: Promise<unknown> = Promise.resolve();
    disk.beforeCommit = async () => {
      disk.beforeCommit = async () => {};
      confirming = gate.press('confirm', id);
      await written.promise;
    };
    const cancelling = gate.press('cancel', id).then(shownBy);
    await written.promise;
    expect(await Promise.race([cancelling, turnsOfTheLoop(200)])).toBe('still waiting');
    decided.resolve();
    expect(await cancelling).toContain('Done: BTCUSD');
    await confirming;
    expect(gate.writes).toHaveLength(1);
  });

  test('"Back to" asks for the former setting on a card of its own, which only the presser sees', async () => {
    const { gate, id } = await withCard();
    await gate.press('confirm', id);
    const reply = await gate.press('back', id);
    expect(wordsOf(reply.answer)).toContain('Set BTCUSD to cross margin on Paper?');
    expect(reply.update).toBeUndefined();
    const [open = ''] = await gate.parts().proposals.openIds();
    await reply.answered?.('message-9');
    expect((await gate.parts().proposals.require(open)).delivery).toMatchObject({
      kind: 'follow-up',
      messageId: 'message-9',
    });
    expect(gate.writes).toHaveLength(1);
  });

  test('there is no way back to "not set"', async () => {
    const { gate, held } = await withCard();
    held.set('ETHUSD', { mode: 'unset' });
    const { id } = await gate.ask(alice, { market: 'ETHUSD' });
    expect(labelsOf((await gate.press('confirm', id)).update)).toEqual([]);
    await expect(gate.press('back', id)).rejects.toThrow('CARD_GONE');
  });

  test('a card that is gone says so, whatever is pressed', async () => {
    const { gate } = await withCard();
    for (const verb of ['confirm', 'cancel', 'check', 'back', 'again', 'do', 'drop'] as const) {
      await expect(gate.press(verb, 'AAAAAAAAAAAAAAAAAAAAAA')).rejects.toThrow('CARD_GONE');
    }
  });

  test.each(['refused', 'not-sent'] as const)(
    'a public card that ended as "%s" does not say why; its owner alone is told',
    async (fate) => {
      const { gate, id, state } = await withCard();
      state.fate = fate;
      const { update } = await gate.press('confirm', id, alice, () => {}, { isPublic: true });
      expect(wordsOf(update)).not.toMatch(/liquidate|reached/);
      expect(wordsOf(update)).toContain('Only the owner of this card sees why');
      expect(wordsOf(update?.aside)).toMatch(/would liquidate your open position|could not be reached/);
    },
  );

  test('what ended on a public card is told in full where only its owner presses', async () => {
    const { gate, id, state } = await withCard();
    state.fate = 'refused';
    await gate.press('confirm', id, alice, () => {}, { isPublic: true });
    const { update } = await gate.press('check', id);
    expect(wordsOf(update)).toContain('would liquidate your open position');
    expect(update?.aside).toBeUndefined();
  });

  test('a receipt that could not be shown is kept for the next command', async () => {
    const { gate, id } = await withCard();
    await (await gate.press('confirm', id)).lost?.();
    expect(await gate.parts().proposals.untold(alice)).toMatchObject([{ proposal: { id } }]);
  });
});

test('a card that somebody put back in the database runs for its owner only, as it was shown, and not after its time', async () => {
  const { gate, id, clock } = await withCard();
  const key = `proposal/${id}`;
  const value = (await gate.store.get(key))?.value ?? '';
  await gate.press('cancel', id);
  await gate.store.commit({ writes: [{ key, value }] });
  await expect(gate.press('confirm', id, bob)).rejects.toThrow('NOT_YOURS');
  expect(shownBy(await gate.press('confirm', id))).toContain('Done: BTCUSD is at 5x isolated');
  await gate.store.commit({ writes: [{ key, value }] });
  clock.advance(CARD_MS);
  expect(shownBy(await gate.press('confirm', id))).toContain('Expired');
  expect(gate.writes).toHaveLength(1);
});

describe('"Set again"', () => {
  /** A change without an answer, at a venue that does not show what is set, half a minute later. */
  async function unknownForGood(options: Parameters<typeof openGate>[0] = {}) {
    const all = await withCard(options);
    const { gate, id, state } = all;
    Object.assign(state, { hidesSetting: true, fate: 'silent, lost' });
    await gate.press('confirm', id);
    gate.clock.advance(30_000);
    await gate.parts().caretaker.tick();
    state.fate = 'accepted';
    return all;
  }

  const idOf = (view: View | undefined) => {
    const [confirm] = view?.buttons ?? [];
    return confirm?.kind === 'press' ? confirm.id : '';
  };

  test('appears only once it is known for good that nobody will know, and sends nothing by itself', async () => {
    const { gate, id, state } = await withCard();
    Object.assign(state, { hidesSetting: true, fate: 'silent, lost' });
    expect(labelsOf((await gate.press('confirm', id)).update)).not.toContain('Set again');
    await expect(gate.press('again', id)).rejects.toThrow('CARD_GONE');
    gate.clock.advance(29_999);
    await gate.parts().caretaker.tick();
    await expect(gate.press('again', id)).rejects.toThrow('CARD_GONE');
    expect(gate.messages.flatMap(({ view }) => labelsOf(view))).not.toContain('Set again');
    gate.clock.advance(1);
    await gate.parts().caretaker.tick();
    expect(labelsOf(gate.messages.at(-1)?.view)).toContain('Set again');
    gate.clock.advance(24 * 60 * 60_000);
    await gate.parts().caretaker.tick();
    expect(gate.writes).toHaveLength(1);
  });

  test('makes a new card for the same setting, which only the presser sees and which is confirmed like any other', async () => {
    const { gate, id, proposal } = await unknownForGood();
    gate.state.orderCount = 2;
    const { update, answer, answered } = await gate.press('again', id, alice, () => {}, { isPublic: true });
    expect(update).toBeUndefined();
    expect(answer?.title).toBe('Set BTCUSD to 5x isolated on Paper?');
    const card = await gate.parts().proposals.require(idOf(answer));
    expect(card).toMatchObject({ stage: 'pending', delivery: { kind: 'unplaced' }, proposal: { isShared: false } });
    expect(card.proposal).toMatchObject({ setting: proposal.setting, seen: { hasOpenOrders: true } });
    expect(card.proposal.expiresAt).toBe(gate.clock.now() + CARD_MS);
    await answered?.('message-9');
    expect(gate.writes).toHaveLength(1);
    expect(shownBy(await gate.press('confirm', idOf(answer)))).toContain('5x isolated applied, as Paper answered');
    expect(gate.writes).toEqual(Array(2).fill({ market: 'BTCUSD', setting: isolated('5') }));
  });

  test('pressed ten times at once, by two processes, makes one card, and says so to the others', async () => {
    const { gate, id } = await unknownForGood();
    const other = gate.another();
    const press = { user: alice, userName: alice, channel: '300', verb: 'again', id, delivery: gate.delivery } as const;
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        index % 2 === 0 ? gate.press('again', id) : other.press(press, () => {}),
      ),
    );
    const cards = replies.filter(({ answer }) => labelsOf(answer).includes('Set BTCUSD to 5x isolated'));
    expect(cards).toHaveLength(1);
    expect(replies.filter(({ answer }) => answer?.title === 'This button has made its card already')).toHaveLength(9);
    expect(await gate.parts().proposals.openIds()).toHaveLength(1);
  });

  test('pressed later tells what became of its card, however that ended, and makes no other', async () => {
    const { gate, id } = await unknownForGood();
    const { answer } = await gate.press('again', id);
    await gate.press('confirm', idOf(answer));
    gate.restart();
    expect(wordsOf((await gate.press('again', id)).answer)).toContain('applied, as Paper answered');

    const second = await unknownForGood();
    await second.gate.press('again', second.id);
    second.gate.clock.advance(CARD_MS);
    await second.gate.parts().caretaker.tick();
    const late = await second.gate.press('again', second.id);
    expect(wordsOf(late.answer)).toMatch(/^Expired: BTCUSD[\s\S]*Run the command again/);
    expect(second.gate.writes).toHaveLength(1);
  });

  test('goes from the receipt once it has made its card', async () => {
    const { gate, id } = await unknownForGood();
    await gate.press('again', id);
    gate.clock.advance(10_000);
    await gate.parts().caretaker.tick();
    expect(gate.messages.at(-1)?.view.title).toBe('Not known: BTCUSD to 5x isolated');
    expect(labelsOf(gate.messages.at(-1)?.view)).not.toContain('Set again');
  });

  test('asks the operator’s rules again, and can be pressed once they allow it', async () => {
    const maxLeverage = new Map<string, string>();
    const rules = { ...freely, maxLeverage };
    const { gate, id } = await unknownForGood({ rules });
    maxLeverage.set('paper', '4');
    await expect(gate.press('again', id)).rejects.toThrow('ABOVE_OPERATOR_MAXIMUM');
    maxLeverage.clear();
    Object.assign(rules, { isHalted: true });
    await expect(gate.press('again', id)).rejects.toThrow('HALTED');
    Object.assign(rules, { isHalted: false });
    expect(labelsOf((await gate.press('again', id)).answer)).toEqual(['Set BTCUSD to 5x isolated', 'Cancel']);
  });

  test('does nothing for a venue that shows what is set, nor after "applied"', async () => {
    const { gate, id, state } = await withCard();
    Object.assign(state, { fate: 'silent, lost', readBackFailure: silence });
    await gate.press('confirm', id);
    gate.clock.advance(5 * 60_000 + 30_000);
    await gate.parts().caretaker.tick();
    expect(labelsOf(gate.messages.at(-1)?.view)).toEqual(['Check now']);
    await expect(gate.press('again', id)).rejects.toThrow('CARD_GONE');
    const done = await withCard();
    done.state.hidesSetting = true;
    await done.gate.press('confirm', done.id);
    await expect(done.gate.press('again', done.id)).rejects.toThrow('CARD_GONE');
  });

  test('makes no card where the venue shows by now that it holds it', async () => {
    const { gate, id, state } = await unknownForGood();
    gate.held.set('BTCUSD', isolated('5'));
    state.hidesSetting = false;
    expect(wordsOf((await gate.press('again', id)).answer)).toContain('already at 5x isolated');
    expect(await gate.parts().proposals.openIds()).toEqual([]);
  });
});
