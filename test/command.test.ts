import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { optionalBoolean, optionalText, optionsSchema, textOption, venueOption } from '../src/command.ts';

const options = {
  venue: venueOption('Where'),
  market: textOption('Which', { maxLength: 5 }),
  currency: optionalText('Margin', { maxLength: 4, choices: ['USDT', 'INR'] }),
  share: optionalBoolean('To everybody'),
};
const schema = optionsSchema(options, ['mudrex', 'paper']);
const good = { venue: 'paper', market: 'btc' };

test('declared options are taken as they are', () => {
  expect(schema.parse({ ...good, currency: 'INR', share: true })).toEqual({ ...good, currency: 'INR', share: true });
  expect(schema.parse(good)).toEqual(good);
});

describe('what Discord’s client would not send is refused', () => {
  test.each([
    ['a venue that is not run here', { ...good, venue: 'elsewhere' }],
    ['a venue by its property', { ...good, venue: 'toString' }],
    ['an empty text', { ...good, market: '' }],
    ['a text that is too long', { ...good, market: 'btcusd' }],
    ['a number for a text', { ...good, market: 5 }],
    ['a choice that is not offered', { ...good, currency: 'EUR' }],
    ['a text for a boolean', { ...good, share: 'true' }],
    ['a required option that is missing', { venue: 'paper' }],
    ['an option that was not declared', { ...good, leverage: '5' }],
    ['null', { ...good, share: null }],
  ])('%s', (_what, values) => {
    expect(schema.safeParse(values).success).toBe(false);
  });

  test('whatever comes, it is the declared options or a refusal, never a throw of another kind', () => {
    const key = fc.oneof(fc.constantFrom(...Object.keys(options)), fc.string());
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())), (values) => {
        const { data } = schema.safeParse(values);
        for (const name of Object.keys(data ?? {})) expect(Object.keys(options)).toContain(name);
      }),
      { numRuns: 1_000 },
    );
  });
});
