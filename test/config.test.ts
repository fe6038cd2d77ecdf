import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Config, loadConfig, variableNames } from '../src/config.ts';
import { boundSuccessors } from '../src/config-values.ts';
import { malformedEnvLines } from '../src/env-file.ts';
import { newMasterKeyLine } from '../src/master-key.ts';
import { venueIds } from '../src/venues/index.ts';

const keyA = Buffer.alloc(32, 1).toString('base64url');
const keyB = Buffer.alloc(32, 2).toString('base64url');
const needed = {
  DISCORD_TOKEN: 'OTAwMDAwMDAwMDAwMDAwMDAx.canary.bot-token-canary-0123456789',
  MASTER_KEYS: `k1:${keyA}`,
  ALLOWED_USERS: '100000000000000001',
};
const snowflake = '123456789012345678';

function load(env: Readonly<Record<string, string>>): Config {
  const loaded = loadConfig({ ...needed, ...env });
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  const loaded = loadConfig({ ...needed, ...env });
  return loaded.kind === 'ok' ? [] : loaded.problems.map(({ variable }) => variable);
}

test('the token, the master keys and who may use the bot are all that must be set', () => {
  expect(load({})).toMatchObject({
    dataDir: './data',
    backups: { dir: 'data/backups', kept: 7 },
    web: { host: '127.0.0.1', port: 8080, trustProxy: [] },
    rules: { allowedUsers: new Set([needed.ALLOWED_USERS]), isHalted: false },
    venues: expect.arrayContaining(['mudrex', 'kraken-futures']),
    cardMs: 60_000,
    riskPercent: 10,
    keepMs: 90 * 86_400_000,
    maxKeysPerUser: 10,
    logLevel: 'info',
  });
  const kraken = { windows: [{ units: 500, windowMs: 10_000 }], costs: { read: 2, account: 2, write: 10 } };
  const mudrexWindows = [
    { units: 10, windowMs: 1000 },
    { units: 500, windowMs: 60_000 },
    { units: 30_000, windowMs: 3_600_000 },
    { units: 720_000, windowMs: 86_400_000 },
  ];
  expect(Object.fromEntries(load({}).venueLimits)).toMatchObject({
    'kraken-futures': kraken,
    mudrex: { windows: mudrexWindows, costs: { read: 1, account: 1, write: 1 } },
  });
});

test('secrets print as [secret], wherever the configuration is printed', () => {
  const config = load({
    PUBLIC_URL: 'https://bot.example.com',
    DISCORD_CLIENT_SECRET: 'canary-client-secret',
    METRICS_TOKEN: 'canary-metrics-token-0123456789',
  });
  expect(JSON.stringify(config)).not.toMatch(new RegExp(`canary|${keyA}`));
  expect(config.discordToken.reveal()).toBe(needed.DISCORD_TOKEN);
  expect(config.web.discordClientSecret?.reveal()).toBe('canary-client-secret');
});

describe('who may use the bot', () => {
  const secret = { DISCORD_CLIENT_SECRET: 'canary-client-secret' };

  test('must be said by name without a public address, where nobody signs in', () => {
    const loaded = loadConfig({ ...needed, ...secret, ALLOWED_USERS: '', ALLOWED_GUILDS: snowflake });
    expect(loaded).toEqual({
      kind: 'invalid',
      problems: [
        { variable: 'ALLOWED_USERS', problem: expect.stringMatching(/^is missing: without PUBLIC_URL it must /) },
      ],
    });
  });

  test('may be everybody with one', () => {
    const config = load({ ...secret, ALLOWED_USERS: '', PUBLIC_URL: 'https://bot.example.com' });
    expect(config.rules.allowedUsers).toEqual(new Set());
  });
});

test('an empty variable counts as not set', () => {
  expect(load({ WEB_PORT: '', PUBLIC_URL: ' ', VENUES: '' })).toEqual(load({}));
});

test('every missing and wrong variable is named at once', () => {
  const loaded = loadConfig({ WEB_PORT: '80 80', PUBLIC_URL: 'http://bot.example.com', HALT: 'yes' });
  const names = loaded.kind === 'invalid' ? loaded.problems.map(({ variable }) => variable) : [];
  expect(names.sort()).toEqual(
    ['DISCORD_CLIENT_SECRET', 'DISCORD_TOKEN', 'HALT', 'MASTER_KEYS', 'PUBLIC_URL', 'WEB_PORT'].sort(),
  );
});

test('a problem says what is expected and never what was found', () => {
  fc.assert(
    fc.property(fc.constantFrom(...variableNames), fc.stringMatching(/^[!-~]{6,60}$/), (name, canary) => {
      const loaded = loadConfig({ ...needed, [name]: `@${canary}@` });
      if (loaded.kind === 'ok') return;
      for (const { problem } of loaded.problems) {
        expect(problem).toMatch(/^(must|is missing: ).+/);
        expect(problem).not.toContain(`@${canary}@`);
      }
    }),
    { numRuns: 2000 },
  );
});

describe('master keys', () => {
  test('are a ring in the order in which they are written', () => {
    const ring = load({ MASTER_KEYS: `k2:${keyB}, k1:${keyA}` }).masterKeys;
    expect(ring.map(({ id, key }) => [id, key.reveal()])).toEqual([
      ['k2', keyB],
      ['k1', keyA],
    ]);
  });

  test('as `npm run master-key` prints them are accepted', () => {
    const { MASTER_KEYS = '' } = parseEnv(newMasterKeyLine(new Date()));
    expect(load({ MASTER_KEYS }).masterKeys[0].key.reveal()).toHaveLength(43);
  });

  test.each([
    ['two ids that are the same', `k1:${keyA},k1:${keyB}`],
    ['one key under two ids', `k1:${keyA},k2:${keyA}`],
    ['a short key', `k1:${keyA.slice(1)}`],
    ['a long key', `k1:${keyA}A`],
    ['padding', `k1:${keyA}=`],
    ['bits beyond the 32nd byte', `k1:${keyA.slice(0, -1)}F`],
    ['plain base64', `k1:${'+'.repeat(43)}`],
    ['a capital letter in the id', `K1:${keyA}`],
    ['an id that is too long', `${'k'.repeat(17)}:${keyA}`],
    ['no id', keyA],
    ['a comma at the end', `k1:${keyA},`],
  ])('are refused with %s', (_what, text) => {
    expect(problemsOf({ MASTER_KEYS: text })).toEqual(['MASTER_KEYS']);
  });
});

describe('the public address', () => {
  const secret = { DISCORD_CLIENT_SECRET: 'canary-client-secret' };

  test('is an origin without the slash at its end', () => {
    expect(load({ PUBLIC_URL: 'https://Bot.example.com/', ...secret }).web.publicUrl).toBe('https://bot.example.com');
    expect(load({ PUBLIC_URL: 'https://bot.example.com:8443', ...secret }).web.publicUrl).toBe(
      'https://bot.example.com:8443',
    );
  });

  test.each([
    'http://bot.example.com',
    'https:bot.example.com',
    'https://bot.example.com/path',
    'https://bot.example.com/?q',
    'https://user@bot.example.com',
    'https://user:pass@bot.example.com',
    'javascript:alert(1)',
    'bot.example.com',
    'https://',
  ])('is not %s', (text) => {
    expect(problemsOf({ PUBLIC_URL: text, ...secret })).toEqual(['PUBLIC_URL']);
  });

  test('needs the client secret', () => {
    expect(problemsOf({ PUBLIC_URL: 'https://bot.example.com' })).toEqual(['DISCORD_CLIENT_SECRET']);
  });
});

test.each([
  ['DISCORD_TOKEN', ['abcdef0123456789abcdef0123456789', 'Bot OTAw.canary.bot-token-canary-0123456789']],
  ['WEB_PORT', ['-1', '65536', '80.5', '0x50', '1e3', '８０']],
  ['WEB_HOST', ['127.0.0.1:80', 'http://localhost', 'a b']],
  ['TRUST_PROXY', ['true', '10.0.0.0/33', '10.0.0.0/0', 'proxy', '10.0.0.1,,10.0.0.2', '10.0.0.1/']],
  ['METRICS_TOKEN', ['true', 'twenty-three-characters', 'a token with spaces in its middle', 'x'.repeat(201)]],
  ['VENUES', ['binance', 'mudrex,mudrex', 'mudrex,', '__proto__']],
  ['ALLOWED_GUILDS', ['all', '123', `${snowflake},`, `${snowflake}x`]],
  ['ALLOWED_USERS', ['@ada']],
  ['MAX_LEVERAGE', ['0', '-1', '10x', '1e1', 'mudrex', 'mudrex=', 'mudrex=0', 'binance=5', 'mudrex=5,mudrex=6', '5,6']],
  ['AUDIT_CHANNEL_ID', ['#audit']],
  ['CONTACT', ['x'.repeat(101)]],
  [
    'PRIVACY_URL',
    ['http://example.com/privacy', 'example.com', 'https://', 'https://a:b@example.com', 'javascript:alert(1)'],
  ],
  ['CARD_SECONDS', ['14', '601', '60s']],
  ['RISK_DISTANCE_PERCENT', ['101', '10%']],
  ['KEEP_DAYS', ['0']],
  ['MAX_KEYS_PER_USER', ['0']],
  ['BACKUPS_KEPT', ['0']],
  ['MUDREX_LIMITS', ['10', '10/s', '0/1s', '10/1w', '10/1s,', '10/1s;500/1m', '10/0s']],
  ['KRAKEN_LIMITS', ['9/10s']],
  ['KRAKEN_WRITE_COST', ['0']],
  ['KRAKEN_READ_COST', ['-2']],
  ['LOG_LEVEL', ['verbose', 'INFO']],
])('%s is refused when it is none', (variable, values) => {
  for (const value of values) expect([value, problemsOf({ [variable]: value })]).toEqual([value, [variable]]);
});

test('limits of the operator are read', () => {
  const config = load({
    VENUES: 'mudrex, kraken-futures',
    ALLOWED_GUILDS: `${snowflake}, 223456789012345678`,
    MAX_LEVERAGE: 'mudrex=20,kraken-futures=2.50',
    HALT: 'true',
    AUDIT_CHANNEL_ID: snowflake,
    TRUST_PROXY: 'loopback,10.0.0.0/8,fd00::/8',
    MUDREX_LIMITS: '5/2s,100/1d',
  });
  expect(config.venues).toEqual(['mudrex', 'kraken-futures']);
  expect(config.rules.allowedGuilds).toEqual(new Set([snowflake, '223456789012345678']));
  expect(Object.fromEntries(config.rules.maxLeverage)).toEqual({
    mudrex: '20',
    'kraken-futures': '2.5',
    kraken: '2.5',
  });
  expect(config).toMatchObject({ rules: { isHalted: true }, auditChannel: snowflake });
  expect(config.web.trustProxy).toEqual(['loopback', '10.0.0.0/8', 'fd00::/8']);
  expect(config.venueLimits.get('mudrex')?.windows).toEqual([
    { units: 5, windowMs: 2000 },
    { units: 100, windowMs: 86_400_000 },
  ]);
});

test('a variable of a venue holds for every venue with its prefix, and only for those', () => {
  const { venueLimits } = load({ KRAKEN_LIMITS: '300/10s', KRAKEN_WRITE_COST: '20', KRAKEN_READ_COST: '3' });
  const kraken = { windows: [{ units: 300, windowMs: 10_000 }], costs: { read: 3, account: 2, write: 20 } };
  expect(venueLimits.get('kraken-futures')).toEqual(kraken);
  expect(venueLimits.get('mudrex')).toEqual(load({}).venueLimits.get('mudrex'));
});

test('variables from before count for Kraken Futures alone: what follows it has its own', () => {
  const old = load({ KRAKEN_LIMITS: '300/10s', KRAKEN_WRITE_COST: '20', KRAKEN_READ_COST: '3' });
  expect(old.venueLimits.get('kraken')).toEqual(load({}).venueLimits.get('kraken'));
  const own = load({ KRAKEN_UNIFIED_LIMITS: '5/30s' });
  expect(own.venueLimits.get('kraken')?.windows).toEqual([{ units: 5, windowMs: 30_000 }]);
  expect(own.venueLimits.get('kraken-futures')).toEqual(load({}).venueLimits.get('kraken-futures'));
});

test('a window without room for one call is refused by the names of what such a call costs', () => {
  expect(loadConfig({ ...needed, KRAKEN_LIMITS: '500/10s,19/1d', KRAKEN_WRITE_COST: '20' })).toEqual({
    kind: 'invalid',
    problems: [
      {
        variable: 'KRAKEN_LIMITS',
        problem: 'must each have room for one call of KRAKEN_READ_COST and one of KRAKEN_WRITE_COST',
      },
    ],
  });
});

describe('a venue of an earlier version', () => {
  const former = 'kraken-futures-demo';

  test('counts as not named in the list of venues, and is told of', () => {
    const config = load({ VENUES: `mudrex, ${former}` });
    expect(config.venues).toEqual(['mudrex']);
    expect(config.ignored).toEqual([{ variable: 'VENUES', venue: former }]);
    expect(load({ VENUES: 'mudrex' }).ignored).toEqual([]);
  });

  test('that alone was named switches no other venue on: the operator has to choose', () => {
    expect(loadConfig({ ...needed, VENUES: former })).toEqual({
      kind: 'invalid',
      problems: [{ variable: 'VENUES', problem: expect.stringContaining('names only exchanges that have ended') }],
    });
  });

  test('has no maximum any more, and those of the others stay', () => {
    const { rules, ignored } = load({ MAX_LEVERAGE: `${former}=5,mudrex=20` });
    expect([...rules.maxLeverage]).toEqual([['mudrex', '20']]);
    expect(ignored).toEqual([{ variable: 'MAX_LEVERAGE', venue: former }]);
    expect(load({ MAX_LEVERAGE: `${former}=5` }).rules.maxLeverage.size).toBe(0);
  });

  test('makes no list valid that is not', () => {
    expect(problemsOf({ VENUES: `mudrex,,${former}` })).toEqual(['VENUES']);
    expect(problemsOf({ MAX_LEVERAGE: `${former}=5,binance=2` })).toEqual(['MAX_LEVERAGE']);
  });
});

describe('a maximum', () => {
  const facts = [{ id: 'old', retires: { at: 4, closesAt: 3, noNewKeysFrom: 2, eraseAt: 5, successor: 'new' } }];
  const bound = (limits: Readonly<Record<string, string>>) =>
    Object.fromEntries(boundSuccessors(new Map(Object.entries(limits)), facts));

  test('of a venue that ends binds its successor, until that has its own', () => {
    expect(bound({ old: '10' })).toEqual({ old: '10', new: '10' });
    expect(bound({ old: '10', new: '20' })).toEqual({ old: '10', new: '20' });
    expect(bound({ new: '20', other: '5' })).toEqual({ new: '20', other: '5' });
  });

  test('of kraken-futures binds kraken', () => {
    expect(load({ MAX_LEVERAGE: 'kraken-futures=10' }).rules.maxLeverage.get('kraken')).toBe('10');
  });
});

describe('the end of a venue', () => {
  const utc = (text: string) => Date.parse(`${text}T00:00:00Z`);
  const at = (env: Readonly<Record<string, string>>) => load(env).retirements.get('kraken-futures');

  test('is as its exchange announced it', () => {
    expect(at({})).toEqual({
      noNewKeysFrom: utc('2027-02-01'),
      closesAt: utc('2027-02-28'),
      at: utc('2027-03-01'),
      eraseAt: utc('2027-03-14'),
      successor: 'kraken',
    });
    expect([...load({}).retirements.keys()]).toEqual(['kraken-futures']);
  });

  test('can be moved day by day, and keys are erased two weeks after the last request', () => {
    const moved = { KRAKEN_FUTURES_ENDS: '2027-06-01', KRAKEN_FUTURES_CLOSES: '2027-05-30' };
    expect(at(moved)).toMatchObject({ at: utc('2027-06-01'), closesAt: utc('2027-05-30'), eraseAt: utc('2027-06-13') });
    const days = { KRAKEN_FUTURES_NO_NEW_KEYS: '2027-01-01', KRAKEN_FUTURES_KEYS_ERASED: '2027-03-01' };
    expect(at(days)).toMatchObject({ noNewKeysFrom: utc('2027-01-01'), eraseAt: utc('2027-03-01') });
  });

  test.each([
    ['KRAKEN_FUTURES_NO_NEW_KEYS', '2027-03-01', 'must not be later than KRAKEN_FUTURES_CLOSES'],
    ['KRAKEN_FUTURES_CLOSES', '2027-03-02', 'must not be later than KRAKEN_FUTURES_ENDS'],
    ['KRAKEN_FUTURES_KEYS_ERASED', '2027-02-28', 'must be later than KRAKEN_FUTURES_CLOSES'],
  ])('in an order that makes no sense is refused: %s=%s', (variable, value, problem) => {
    expect(loadConfig({ ...needed, [variable]: value })).toEqual({
      kind: 'invalid',
      problems: [{ variable, problem }],
    });
  });

  test.each(['2027-02-30', '2027-2-28', '28.2.2027', '2027-02-28T00:00', 'soon', '0'])('is not %s', (text) => {
    expect(problemsOf({ KRAKEN_FUTURES_CLOSES: text })).toEqual(['KRAKEN_FUTURES_CLOSES']);
  });
});

test('one number limits every venue', () => {
  const { maxLeverage } = load({ MAX_LEVERAGE: '15' }).rules;
  expect(venueIds.map((id) => maxLeverage.get(id))).toEqual(venueIds.map(() => '15'));
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');

  test('names exactly the variables that are read', () => {
    expect(Object.keys(parseEnv(text)).sort()).toEqual([...variableNames].sort());
  });

  test('has no malformed line, and with the three needed variables it gives the defaults', () => {
    expect(malformedEnvLines(text)).toEqual([]);
    const filled = Object.entries({ ...parseEnv(text), ...needed }).map(([name, value]) => [name, value ?? '']);
    expect(load(Object.fromEntries(filled))).toEqual(load({}));
  });

  test('explains every variable in the lines above it', () => {
    const paragraphs = text.split('\n\n').filter((paragraph) => /^[A-Z_]+=/m.test(paragraph));
    for (const paragraph of paragraphs) expect(paragraph).toMatch(/^# \S/);
  });
});
