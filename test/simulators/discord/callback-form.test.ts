import { describe, expect, test } from 'vitest';
import {
  alice,
  general,
  letters,
  nested,
  openInteraction,
  paths,
  registerCommands,
  startDiscord,
  times,
} from './support.ts';

describe('an answer to an interaction', () => {
  const choices = (count: number, more: Record<string, unknown> = {}) => ({
    choices: times(count, (index) => ({ name: `c${index}`, value: `${index}`, ...more })),
  });
  test.each([
    {
      what: 'a form (modal)',
      type: 9,
      data: { custom_id: 'form', title: 'Form', components: [] },
      at: 'type',
      code: 'BASE_TYPE_CHOICES',
    },
    { what: 'a message without data', type: 4, data: undefined, at: 'data', code: 'BASE_TYPE_REQUIRED' },
    {
      what: 'long content',
      type: 4,
      data: { content: letters(2001) },
      at: 'data.content',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    { what: 'a deferred update of a command', type: 6, data: undefined, at: 'type', code: 'BASE_TYPE_CHOICES' },
    { what: 'an update of a command', type: 7, data: { content: 'a' }, at: 'type', code: 'BASE_TYPE_CHOICES' },
    { what: 'choices for a command', type: 8, data: choices(1), at: 'type', code: 'BASE_TYPE_CHOICES' },
  ])('with $what is refused at $at', async ({ type, data, at, code }) => {
    const { respond } = await openInteraction(await startDiscord());
    expect(await respond(type, data)).toMatchObject({ status: 400, answer: { code: 50035, errors: nested(at, code) } });
  });

  test.each([
    { what: '26 choices', data: choices(26), at: 'data.choices', code: 'BASE_TYPE_MAX_LENGTH' },
    {
      what: 'a choice name of 101',
      data: choices(1, { name: letters(101) }),
      at: 'data.choices.0.name',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an empty choice name',
      data: choices(1, { name: '' }),
      at: 'data.choices.0.name',
      code: 'BASE_TYPE_MIN_LENGTH',
    },
    {
      what: 'a choice value of 101',
      data: choices(1, { value: letters(101) }),
      at: 'data.choices.0.value',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
  ])('to autocomplete with $what is refused at $at', async ({ data, at, code }) => {
    const { respond } = await openAutocomplete();
    expect(await respond(8, data)).toMatchObject({ status: 400, answer: { code: 50035, errors: nested(at, code) } });
  });

  test('to autocomplete cannot be deferred', async () => {
    const { respond } = await openAutocomplete();
    expect(await respond(5)).toMatchObject({
      status: 400,
      answer: { code: 50035, errors: nested('type', 'BASE_TYPE_CHOICES') },
    });
  });
});

async function openAutocomplete() {
  const loopback = await startDiscord();
  await registerCommands(loopback);
  const answer = loopback.discord
    .as(alice.id)
    .autocomplete(general, 'leverage set', { options: { market: 'b' }, focused: 'market' });
  const [record] = loopback.discord.interactions();
  return { answer, ...paths(loopback, record?.id ?? '') };
}
