/** What the files of one row may import: rows of this table, and libraries (a final `*` stands for anything). */
export type Row = { readonly rows: readonly string[]; readonly libraries: readonly string[] };

/**
 * Who may import whom, imports of types included. Each key is the beginning of a path, and the longest that fits a file is
 * its row. Inside a row everything may import everything, but no file itself in a circle.
 *
 * The rows stand in the order of the house, from the roof to the ground: a row imports only rows that stand below it. So
 * what is inside never knows what is outside. `src/`, the last one of the product, is the files beside the folders: the
 * words that all others share.
 */
export const importTable: Readonly<Record<string, Row>> = {
  // Around the product: none of it is imported by it.
  'bench/': {
    rows: [
      'simulators/',
      'src/app.ts',
      'src/row-kinds.ts',
      'src/config',
      'src/confirm/',
      'src/vault/',
      'src/venues/',
      'src/leverage/',
      'src/store/sqlite.ts',
      'src/store/',
      'src/',
    ],
    libraries: ['node:*', 'fastify', 'ccxt', 'discord.js', 'undici', 'ws', 'zod'],
  },
  'torture/': {
    rows: [
      'simulators/',
      'src/app.ts',
      'src/config',
      'src/confirm/',
      'src/vault/',
      'src/leverage/',
      'src/store/sqlite.ts',
      'src/store/',
      'src/log',
      'src/',
    ],
    libraries: ['node:*', 'fastify', 'ws', 'zod'],
  },
  'probe/': {
    rows: [
      'simulators/',
      'src/venues/http.ts',
      'src/venues/socket.ts',
      'src/venues/',
      'src/leverage/',
      'src/log',
      'src/',
    ],
    libraries: ['node:fs', 'node:readline', 'node:stream', 'node:timers/promises', 'node:util', 'zod'],
  },
  // Served to a browser: of the playground it can only import types.
  'playground/page/': {
    rows: ['playground/', 'simulators/'],
    libraries: ['lit', 'lit/*', '@skyra/discord-components-core/*'],
  },
  'playground/': {
    rows: ['simulators/', 'src/app.ts', 'src/config', 'src/log', 'src/venues/'],
    libraries: ['node:*', 'fastify', 'playwright-core', 'ws', 'zod'],
  },
  // Of the product it takes the registry of venues.
  'simulators/': { rows: ['src/venues/'], libraries: ['node:*', 'fastify', 'big.js', 'ws', 'zod'] },

  // The process and its wiring.
  'src/start.js': { rows: ['src/main.ts'], libraries: ['node:module'] },
  'src/main.ts': {
    rows: ['src/app.ts', 'src/config', 'src/discord/', 'src/log', 'src/'],
    libraries: ['node:fs'],
  },
  'src/app.ts': {
    rows: [
      'src/row-kinds.ts',
      'src/config',
      'src/maintenance.ts',
      'src/moving.ts',
      'commands/',
      'src/discord/',
      'src/web/',
      'src/confirm/',
      'src/vault/',
      'src/venues/',
      'src/leverage/',
      'src/store/sqlite.ts',
      'src/store/backups.ts',
      'src/store/',
      'src/metrics.ts',
      'src/log',
      'src/',
    ],
    libraries: ['node:crypto', 'node:path', 'node:timers/promises'],
  },
  'src/row-kinds.ts': {
    rows: ['src/moving.ts', 'src/web/', 'src/confirm/', 'src/vault/', 'src/store/'],
    libraries: [],
  },
  'src/config': {
    rows: ['src/vault/', 'src/venues/', 'src/leverage/', 'src/log', 'src/'],
    libraries: ['node:net', 'node:path', 'zod'],
  },
  'src/maintenance.ts': { rows: ['src/log'], libraries: [] },
  'src/moving.ts': { rows: ['src/leverage/', 'src/store/', 'src/'], libraries: [] },
  'src/master-key.ts': { rows: [], libraries: ['node:crypto'] },

  // Transports and commands, which never know each other.
  'commands/': { rows: ['src/services.ts', 'src/leverage/', 'src/'], libraries: [] },
  'src/discord/': {
    rows: ['src/log', 'src/'],
    libraries: ['@discordjs/*', 'discord-api-types/*', 'node:timers/promises', 'node:util', 'zod'],
  },
  'src/web/': {
    rows: ['src/leverage/', 'src/store/', 'src/metrics.ts', 'src/log', 'src/'],
    libraries: ['fastify', '@fastify/*', 'node:crypto', 'zod'],
  },

  // The gate, which all changes go through.
  'src/services.ts': { rows: ['src/confirm/', 'src/leverage/', 'src/'], libraries: [] },
  'src/confirm/': { rows: ['src/leverage/', 'src/store/', 'src/'], libraries: ['big.js', 'zod'] },

  // Sealed keys, and one adapter for each exchange.
  'src/vault/': {
    rows: ['src/store/keyv-adapter.ts', 'src/store/', 'src/'],
    libraries: ['jose', 'keyv', 'node:crypto', 'zod'],
  },
  'src/venues/': {
    rows: ['src/venues/socket.ts', 'src/venues/http.ts', 'src/venues/slots.ts', 'src/leverage/', 'src/'],
    libraries: ['big.js', 'node:crypto', 'node:timers/promises', 'zod'],
  },
  'src/venues/socket.ts': { rows: ['src/venues/http.ts', 'src/'], libraries: ['ws'] },
  'src/venues/http.ts': { rows: ['src/venues/slots.ts', 'src/'], libraries: ['node:events', 'undici'] },
  'src/venues/slots.ts': { rows: [], libraries: [] },

  // The domain, and the rows.
  'src/leverage/': { rows: ['src/'], libraries: ['big.js', 'zod'] },
  'src/store/sqlite.ts': {
    rows: ['src/store/sqlite-file.ts', 'src/store/', 'src/'],
    libraries: ['node:fs', 'node:sqlite', 'node:timers/promises', 'zod'],
  },
  'src/store/sqlite-file.ts': { rows: ['src/'], libraries: ['node:fs', 'node:path', 'node:sqlite', 'zod'] },
  'src/store/backups.ts': { rows: ['src/store/'], libraries: ['node:fs/promises', 'node:path'] },
  'src/store/keyv-adapter.ts': { rows: ['src/store/'], libraries: [] },
  'src/store/': { rows: ['src/'], libraries: ['node:timers/promises', 'zod'] },
  'src/metrics.ts': { rows: [], libraries: ['prom-client'] },
  'src/log': { rows: ['src/'], libraries: ['node:fs', 'node:tty', 'pino'] },
  'src/': { rows: [], libraries: ['node:util', 'zod'] },
};
