import { describe, expect, test } from 'vitest';
import { applicationId, asBot, letters, nested, startDiscord, times } from './support.ts';

describe('a registration', () => {
  async function put(commands: unknown, app = applicationId) {
    const { call } = await startDiscord();
    return call('PUT', `/applications/${app}/commands`, commands, asBot);
  }

  const command = (more: Record<string, unknown> = {}) => ({ name: 'ping', description: 'Pong', ...more });
  const option = (more: Record<string, unknown> = {}) => ({ type: 3, name: 'text', description: 'Text', ...more });
  const choice = (value: unknown, name = 'c') => ({ name, value });

  test.each([
    {
      what: 'an upper-case name',
      commands: [command({ name: 'Ping' })],
      at: '0.name',
      code: 'APPLICATION_COMMAND_INVALID_NAME',
    },
    {
      what: 'a name of 33',
      commands: [command({ name: letters(33) })],
      at: '0.name',
      code: 'APPLICATION_COMMAND_INVALID_NAME',
    },
    {
      what: 'a name with a blank',
      commands: [command({ name: 'pi ng' })],
      at: '0.name',
      code: 'APPLICATION_COMMAND_INVALID_NAME',
    },
    {
      what: 'no description',
      commands: [command({ description: undefined })],
      at: '0.description',
      code: 'BASE_TYPE_REQUIRED',
    },
    {
      what: 'an empty description',
      commands: [command({ description: '' })],
      at: '0.description',
      code: 'BASE_TYPE_MIN_LENGTH',
    },
    {
      what: 'a description of 101',
      commands: [command({ description: letters(101) })],
      at: '0.description',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'one name twice',
      commands: [command(), command()],
      at: '1.name',
      code: 'APPLICATION_COMMANDS_DUPLICATE_NAME',
    },
    {
      what: '101 commands',
      commands: times(101, (index) => command({ name: `c${index}` })),
      at: '',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: '26 options',
      commands: [command({ options: times(26, (index) => option({ name: `o${index}` })) })],
      at: '0.options',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: '26 choices',
      commands: [command({ options: [option({ choices: times(26, (index) => choice(`${index}`, `${index}`)) })] })],
      at: '0.options.0.choices',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'a required option after an optional one',
      commands: [command({ options: [option(), option({ name: 'b', required: true })] })],
      at: '0.options.1',
      code: 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
    },
    {
      what: 'one option name twice',
      commands: [command({ options: [option(), option()] })],
      at: '0.options.1.name',
      code: 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
    },
    {
      what: 'a subcommand beside an option',
      commands: [command({ options: [option(), { type: 1, name: 'sub', description: 'Sub' }] })],
      at: '0.options',
      code: 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
    },
    {
      what: 'a text choice for a number',
      commands: [command({ options: [option({ type: 4, choices: [choice('one')] })] })],
      at: '0.options.0.choices',
      code: 'BASE_TYPE_INVALID',
    },
    {
      what: 'choices with autocomplete',
      commands: [command({ options: [option({ autocomplete: true, choices: [choice('a')] })] })],
      at: '0.options.0.autocomplete',
      code: 'APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID',
    },
    {
      what: 'a minimum for a text',
      commands: [command({ options: [option({ min_value: 1 })] })],
      at: '0.options.0.min_value',
      code: 'BASE_TYPE_INVALID',
    },
    {
      what: 'more than 8000 characters',
      commands: [
        command({
          options: times(4, (outer) =>
            option({ name: `o${outer}`, choices: times(25, (index) => choice(letters(90), `${index}`)) }),
          ),
        }),
      ],
      at: '0',
      code: 'APPLICATION_COMMAND_TOO_LARGE',
    },
  ])('with $what is refused at $at', async ({ commands, at, code }) => {
    expect(await put(commands)).toMatchObject({ status: 400, answer: { code: 50035, errors: nested(at, code) } });
  });

  test('for another application is refused', async () => {
    expect(await put([], '1')).toMatchObject({
      status: 403,
      answer: { code: 20012 },
    });
  });
});
