import { describe, expect, test } from 'vitest';
import {
  alice,
  button,
  general,
  letters,
  nested,
  openInteraction,
  paths,
  registerCommands,
  row,
  startDiscord,
  times,
} from './support.ts';

describe('an answer to an interaction', () => {
  const choices = (count: number, more: Record<string, unknown> = {}) => ({
    choices: times(count, (index) => ({ name: `c${index}`, value: `${index}`, ...more })),
  });
  const input = (custom_id: string, more: Record<string, unknown> = {}) => ({
    type: 18,
    label: 'Label',
    component: { type: 4, style: 1, custom_id, ...more },
  });
  const modal = (components: unknown[], more: Record<string, unknown> = {}) => ({
    custom_id: 'form',
    title: 'Form',
    components,
    ...more,
  });

  test.each([
    {
      what: 'a form of six parts',
      type: 9,
      data: modal(times(6, (index) => input(`i${index}`))),
      at: 'data.components',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    { what: 'a form without parts', type: 9, data: modal([]), at: 'data.components', code: 'BASE_TYPE_MIN_LENGTH' },
    {
      what: 'a form title of 46',
      type: 9,
      data: modal([input('i')], { title: letters(46) }),
      at: 'data.title',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'a form without a custom id',
      type: 9,
      data: modal([input('i')], { custom_id: undefined }),
      at: 'data.custom_id',
      code: 'BASE_TYPE_REQUIRED',
    },
    {
      what: 'a form with one custom id twice',
      type: 9,
      data: modal([input('i'), input('i')]),
      at: 'data.components',
      code: 'COMPONENT_CUSTOM_ID_DUPLICATED',
    },
    {
      what: 'an input longer than 4000',
      type: 9,
      data: modal([input('i', { max_length: 4001 })]),
      at: 'data.components.0.component.max_length',
      code: 'NUMBER_TYPE_MAX',
    },
    {
      what: 'a masked input',
      type: 9,
      data: modal([input('i', { style: 3 })]),
      at: 'data.components.0.component.style',
      code: 'UNION_TYPE_CHOICES',
    },
    {
      what: 'a button in a form',
      type: 9,
      data: modal([row(button('b'))]),
      at: 'data.components.0.components.0.type',
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
