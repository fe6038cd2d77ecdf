import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LEASE_MS, TAKEOVER_MS } from '../../src/confirm/proposals.ts';
import { alice, CARD_MS, callOf, type Gate, isolated, openGate, shownBy, wordsOf } from '../support/gate.ts';

const SECOND_MS = 1_000;
/** From then on whoever looks takes over what its owner has left. */
const TAKEN_OVER_MS = LEASE_MS + SECOND_MS;

/** Two processes on one store, and a card; the first one is pressed in. */
async function twoProcesses() {
  const gate = await openGate();
  await gate.addKey(alice);
  const { id } = await gate.ask(alice);
  const other = gate.another();
  const pressOther = (verb: 'confirm' | 'cancel' | 'check') =>
    other.press({ ...callOf(alice), verb, id, delivery: { ...gate.delivery, isPublic: false } }, () => {});
  const row = () => other.proposals.require(id);
  return { gate, id, other, pressOther, row };
}

const told = ({ messages }: Gate) => messages.map(({ view }) => view.title);

describe('an owner that is held up for longer than its lease', () => {
  const takenOver = async (gate: Gate, other: ReturnType<Gate['another']>) => {
    gate.clock.advance(TAKEN_OVER_MS);
    await other.caretaker.tick();
  };

  test('before "sending" sends nothing, and shows what another process has said of it', async () => {
    const { gate, id, other, row } = await twoProcesses();
    gate.state.duringRead = () => takenOver(gate, other);
    expect(shownBy(await gate.press('confirm', id))).toContain('Not sent: the bot was interrupted');
    expect(told(gate)).toEqual(['Not sent: the bot was interrupted']);
    expect(await row()).toMatchObject({ stage: 'done', outcome: { kind: 'not-sent' } });
    expect(gate.writes).toEqual([]);
  });

  test('between "sending" and the socket sends nothing after another process has read back', async () => {
    const { gate, id, other, row } = await twoProcesses();
    gate.state.beforeWrite = () => takenOver(gate, other);
    expect(shownBy(await gate.press('confirm', id))).toContain('Not known yet: BTCUSD');
    expect(await row()).toMatchObject({ stage: 'settling', outcome: { kind: 'unsettled' } });
    expect(gate.writes).toEqual([]);
    gate.clock.advance(30 * SECOND_MS);
    await other.caretaker.tick();
    expect(await row()).toMatchObject({ stage: 'done', outcome: { kind: 'not-applied' } });
    expect(gate.writes).toEqual([]);
  });

  test('while it waits for an answer says nothing against what another process has read', async () => {
    const { gate, id, other, row } = await twoProcesses();
    gate.state.duringWrite = async () => {
      gate.held.set('BTCUSD', isolated('5'));
      await takenOver(gate, other);
    };
    gate.state.fate = 'refused';
    expect(shownBy(await gate.press('confirm', id))).toContain('Done: BTCUSD is at 5x isolated');
    expect(await row()).toMatchObject({ outcome: { kind: 'applied' } });
    expect(gate.outcomes.map(({ outcome }) => outcome.kind)).toEqual(['applied']);
    expect(gate.writes).toHaveLength(1);
  });

  test('and finds its card stale makes no new one where another process has shown its end', async () => {
    const { gate, id, other } = await twoProcesses();
    gate.held.set('BTCUSD', isolated('9'));
    gate.state.duringRead = () => takenOver(gate, other);
    expect(shownBy(await gate.press('confirm', id))).toContain('Not sent: the bot was interrupted');
    expect(await other.proposals.openIds()).toEqual([]);
  });

  test('for eight seconds before the socket sends nothing, although nobody has taken over', async () => {
    const { gate, id, row } = await twoProcesses();
    gate.state.beforeWrite = async () => gate.clock.advance(8 * SECOND_MS + 1);
    expect(shownBy(await gate.press('confirm', id))).toContain('Not sent: the bot was interrupted');
    expect(await row()).toMatchObject({ stage: 'done', outcome: { kind: 'not-sent' } });
    expect(gate.writes).toEqual([]);
  });
});

describe('while its lease lasts', () => {
  test.each(['duringRead', 'duringWrite'] as const)('nobody else touches a change (%s)', async (moment) => {
    const { gate, id, other } = await twoProcesses();
    gate.state[moment] = async () => {
      gate.state[moment] = async () => {};
      for (const ms of [SECOND_MS, 15 * SECOND_MS, 4 * SECOND_MS - 1]) {
        gate.clock.advance(ms);
        const before = await other.proposals.require(id);
        await other.caretaker.tick();
        expect(await other.proposals.require(id)).toEqual(before);
      }
    };
    expect(shownBy(await gate.press('confirm', id))).toContain('Done: BTCUSD is at 5x isolated');
    expect(gate.writes).toHaveLength(1);
  });

  test.each(['confirm', 'cancel', 'check'] as const)(
    'a press of "%s" in another process waits for its result and shows the same',
    async (verb) => {
      const { gate, id, pressOther } = await twoProcesses();
      const [writing, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      gate.state.duringWrite = () => {
        writing.resolve();
        return goOn.promise;
      };
      const first = gate.press('confirm', id);
      await writing.promise;
      let waited = 0;
      gate.waiting.pause = async (ms) => {
        waited += ms;
        expect(await gate.parts().proposals.require(id)).toMatchObject({ stage: 'sending' });
        if (waited === 1_000) {
          goOn.resolve();
          await first;
        }
      };
      expect(shownBy(await pressOther(verb))).toBe(shownBy(await first));
      expect(waited).toBe(1_000);
      expect(gate.outcomes).toMatchObject([{ id, outcome: { kind: 'applied', sent: { answer: 'accepted' } } }]);
    },
  );
});

describe('what an owner has left', () => {
  /** A change whose process died, right after it was sent or before. */
  async function left(stage: 'claimed' | 'sending') {
    const all = await twoProcesses();
    const { gate, id } = all;
    const { proposals } = gate.parts();
    await proposals.claim(id, gate.delivery);
    if (stage === 'sending') await proposals.startSending(await proposals.require(id));
    return all;
  }

  test.each([
    ['claimed', 'Not sent: the bot was interrupted'],
    ['sending', 'Done: BTCUSD is at 5x isolated'],
  ] as const)('%s is settled and told by another process, without a restart', async (stage, title) => {
    const { gate, other } = await left(stage);
    gate.held.set('BTCUSD', isolated('5'));
    for (let seconds = 0; seconds < 20; seconds += 1) {
      gate.clock.advance(SECOND_MS);
      await other.caretaker.tick();
    }
    expect(told(gate)).toEqual([]);
    gate.clock.advance(SECOND_MS);
    await other.caretaker.tick();
    expect(told(gate)).toEqual([title]);
    expect(gate.writes).toEqual([]);
  });

  test('keeps its key until it is taken over', async () => {
    const { gate, other } = await left('sending');
    const next = await other.proposals.open(
      { ...(await other.proposals.require((await other.proposals.openIds())[0] ?? '')).proposal },
      10 * CARD_MS,
      gate.delivery,
    );
    gate.clock.advance(TAKEN_OVER_MS + SECOND_MS);
    expect(await other.proposals.claim(next.id, gate.delivery)).toMatchObject({ kind: 'busy' });
    await other.caretaker.tick();
    expect(await other.proposals.claim(next.id, gate.delivery)).toMatchObject({ kind: 'busy' });
    gate.clock.advance(LEASE_MS + TAKEOVER_MS);
    expect(await other.proposals.claim(next.id, gate.delivery)).toMatchObject({ kind: 'busy' });
  });

  test('is taken over by one of two that look at once', async () => {
    const { gate, other } = await left('sending');
    gate.held.set('BTCUSD', isolated('5'));
    gate.clock.advance(TAKEN_OVER_MS);
    await Promise.all([gate.parts(), other].map(({ caretaker }) => caretaker.tick()));
    expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
    expect(gate.outcomes).toHaveLength(1);
  });

  test('is waited for by a press until the lease ends, which then says that it is at work', async () => {
    const { gate, pressOther, row } = await left('sending');
    const begun = gate.clock.now();
    expect(shownBy(await pressOther('confirm'))).toContain('Setting BTCUSD');
    expect(gate.clock.now() - begun).toBe(LEASE_MS);
    expect(await row()).toMatchObject({ stage: 'sending' });
  });

  test('is settled by "Check now" when the lease is over, and not before', async () => {
    const { gate, pressOther } = await left('sending');
    const begun = gate.clock.now();
    gate.held.set('BTCUSD', isolated('5'));
    expect(shownBy(await pressOther('check'))).toContain('Done: BTCUSD is at 5x isolated');
    expect(gate.clock.now() - begun).toBe(LEASE_MS);
  });
});

describe('where the venue does not show what is set', () => {
  const HALF_A_MINUTE = 30;
  const passIn = async ({ clock }: Gate, { caretaker }: ReturnType<Gate['another']>, seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(SECOND_MS);
      await caretaker.tick();
    }
  };

  test('an owner that was held up sends nothing, and half a minute after the takeover nobody knows', async () => {
    const { gate, id, other, row } = await twoProcesses();
    gate.state.hidesSetting = true;
    gate.state.beforeWrite = async () => {
      gate.clock.advance(TAKEN_OVER_MS);
      await other.caretaker.tick();
    };
    expect(shownBy(await gate.press('confirm', id))).toContain('Not known yet: BTCUSD');
    await passIn(gate, other, HALF_A_MINUTE - 1);
    expect(await row()).toMatchObject({ stage: 'settling', outcome: { kind: 'unsettled', isHidden: true } });
    await passIn(gate, other, 1);
    expect(await row()).toMatchObject({ stage: 'done', outcome: { kind: 'unknown', isHidden: true } });
    expect(gate.writes).toEqual([]);
  });

  test('an owner whose answer comes after the takeover says nothing against what was told by then', async () => {
    const { gate, id, other, row } = await twoProcesses();
    gate.state.hidesSetting = true;
    gate.state.duringWrite = async () => {
      gate.clock.advance(TAKEN_OVER_MS);
      await other.caretaker.tick();
      await passIn(gate, other, HALF_A_MINUTE);
    };
    expect(shownBy(await gate.press('confirm', id))).toContain('Not known: BTCUSD');
    expect(await row()).toMatchObject({ stage: 'done', outcome: { kind: 'unknown', isHidden: true } });
    expect(gate.writes).toHaveLength(1);
  });

  test('its half minute goes on in another process, is ended once, and what shows late is used there', async () => {
    const { gate, id, other, row } = await twoProcesses();
    Object.assign(gate.state, { hidesSetting: true, fate: 'silent, lost' });
    await gate.press('confirm', id);
    await passIn(gate, other, HALF_A_MINUTE - 1);
    expect(await row()).toMatchObject({ stage: 'settling' });
    gate.clock.advance(SECOND_MS);
    await Promise.all([gate.parts(), other].map(({ caretaker }) => caretaker.tick()));
    expect(gate.outcomes.map(({ outcome }) => outcome.kind)).toEqual(['unsettled', 'unknown']);
    expect(told(gate).at(-1)).toBe('Not known: BTCUSD to 5x isolated');

    const late = await twoProcesses();
    Object.assign(late.gate.state, { hidesSetting: true, fate: 'silent, lost' });
    await late.gate.press('confirm', late.id);
    await passIn(late.gate, late.other, 12);
    late.gate.held.set('BTCUSD', isolated('5'));
    late.gate.state.hidesSetting = false;
    await passIn(late.gate, late.other, HALF_A_MINUTE - 12);
    expect(told(late.gate).at(-1)).toBe('Done: BTCUSD is at 5x isolated');
  });
});

test('a "Check now" in another process leaves the new card alone that a stale one gave way to', async () => {
  const { gate, id, other, pressOther } = await twoProcesses();
  gate.held.set('BTCUSD', isolated('9'));
  const [reading, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  gate.state.duringRead = () => {
    reading.resolve();
    return goOn.promise;
  };
  const first = gate.press('confirm', id);
  await reading.promise;
  gate.waiting.pause = async () => {
    goOn.resolve();
    await first;
  };
  const second = await pressOther('check');
  expect(shownBy(await first)).toContain('This card is new');
  expect(second.update).toBeUndefined();
  expect(wordsOf(second.answer)).toContain('BTCUSD changed since this card was made');
  gate.clock.advance(10 * SECOND_MS);
  await other.caretaker.tick();
  expect(gate.messages).toEqual([]);
});

test.each(['erased', 'damaged'] as const)(
  'a change that is %s in the store holds its key in no process that had settled it',
  async (end) => {
    const { gate, id, other } = await twoProcesses();
    const { keyHash } = (await other.proposals.require(id)).proposal;
    gate.state.fate = 'silent, lost';
    await gate.press('confirm', id);
    gate.parts().proposals.keepKey(await other.proposals.require(id));
    gate.held.set('BTCUSD', isolated('5'));
    gate.clock.advance(SECOND_MS);
    await other.caretaker.tick();
    if (end === 'erased') expect(await other.proposals.eraseAll(alice)).toBe(true);
    else await gate.store.commit({ writes: [{ key: `proposal/${id}`, value: '{}' }] });
    expect(await gate.store.get(`lease/${keyHash}`)).toBeUndefined();
    gate.state.fate = 'accepted';
    const next = await gate.ask(alice, { setting: isolated('7') });
    expect(shownBy(await gate.press('confirm', next.id))).toContain('Done: BTCUSD is at 7x isolated');
  },
);

test('an expired card that two processes look at is told once', async () => {
  const { gate, other } = await twoProcesses();
  gate.clock.advance(CARD_MS);
  await Promise.all([gate.parts(), other].map(({ caretaker }) => caretaker.tick()));
  expect(told(gate)).toEqual(['Expired: BTCUSD to 5x isolated']);
});

test('a result that its process did not show is shown by another a quarter of a minute later, and is no news before', async () => {
  const { gate, id, other } = await twoProcesses();
  await gate.press('confirm', id);
  gate.clock.advance(15 * SECOND_MS - 1);
  await other.caretaker.tick();
  expect([told(gate), await other.telling.newsFor(alice)]).toEqual([[], []]);
  gate.clock.advance(1);
  await other.caretaker.tick();
  expect(told(gate)).toEqual(['Done: BTCUSD is at 5x isolated']);
  expect(await gate.store.list('untold/')).toEqual([]);
});

describe('that an outcome has to be made known', () => {
  const MINUTE_MS = 60 * SECOND_MS;
  const kinds = ({ outcomes }: Gate) => outcomes.map(({ outcome }) => outcome.kind);
  const notes = async ({ store }: Gate) => (await store.list('audit/')).map(({ key }) => key);

  test('is part of the commit that stores it, and gone once it was', async () => {
    const { gate, id } = await twoProcesses();
    const posted = Promise.withResolvers<void>();
    gate.audit.duringPost = () => posted.promise;
    await gate.press('confirm', id);
    expect([kinds(gate), await notes(gate)]).toEqual([['applied'], [`audit/${alice}/${id}`]]);
    await gate.parts().caretaker.tick();
    expect(await notes(gate)).toHaveLength(1);
    posted.resolve();
    // What is noted for /leverage show is sealed in a thread of its own.
    for (let turn = 0; turn < 1_000 && (await notes(gate)).length > 0; turn += 1) {
      await setImmediate();
      await gate.parts().caretaker.tick();
    }
    expect([kinds(gate), await notes(gate)]).toEqual([['applied'], []]);
  });

  test('outlasts a process that dies before it was, and another does it', async () => {
    const { gate, id, other } = await twoProcesses();
    gate.audit.duringPost = () => new Promise(() => {});
    await gate.press('confirm', id);
    gate.audit.duringPost = async () => {};
    gate.clock.advance(MINUTE_MS - 1);
    await other.caretaker.tick();
    expect(kinds(gate)).toHaveLength(1);
    gate.clock.advance(1);
    await other.caretaker.tick();
    expect(kinds(gate)).toEqual(['applied', 'applied']);
    await other.caretaker.tick();
    gate.clock.advance(MINUTE_MS);
    await other.caretaker.tick();
    expect([kinds(gate), await notes(gate)]).toEqual([['applied', 'applied'], []]);
  });

  test('is not taken up again by a process that is still at it', async () => {
    const { gate, id } = await twoProcesses();
    gate.audit.duringPost = () => new Promise(() => {});
    await gate.press('confirm', id);
    gate.clock.advance(MINUTE_MS);
    await gate.parts().caretaker.tick();
    expect([kinds(gate), await notes(gate)]).toEqual([['applied'], [`audit/${alice}/${id}`]]);
  });

  test('goes with its person, who deletes everything', async () => {
    const { gate, id, other } = await twoProcesses();
    gate.audit.duringPost = () => new Promise(() => {});
    await (await gate.press('confirm', id)).told?.();
    expect(await other.proposals.eraseAll(alice)).toBe(true);
    expect(await notes(gate)).toEqual([]);
  });

  test('of a card that anybody forged a note of makes nothing known', async () => {
    const { gate, id, other } = await twoProcesses();
    const forged = [`audit/${alice}/${id}`, `audit/666/${id}`, `untold/666/${id}`, `mend/${alice}/${id}`, 'other/1'];
    await gate.store.commit({ writes: forged.map((key) => ({ key, value: 'x', dueMs: 0 })) });
    for (let look = 0; look < 3; look += 1) {
      await other.caretaker.tick();
      gate.clock.advance(10 * SECOND_MS);
    }
    expect([gate.outcomes, gate.messages]).toEqual([[], []]);
    const left = (await gate.store.list('')).filter(({ key }) => forged.includes(key));
    expect(left.filter(({ dueAt }) => dueAt !== undefined)).toEqual([]);
    expect(wordsOf((await gate.press('confirm', id)).update)).toContain('Done');
    await gate.store.commit({ writes: [{ key: 'other/1', remove: true }] });
    gate.written.delete('other/1');
  });
});
