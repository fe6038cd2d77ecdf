import { registerHooks } from 'node:module';
import { addressOf, type Edit, edits, withBug } from './edits.ts';

// Loaded before the bot when a bug is to be planted into its source; the name of the bug is the process's first argument.

const table: Readonly<Record<string, readonly Edit[]>> = edits;
const planned = table[process.argv[2] ?? ''] ?? [];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const own = planned.filter((edit) => addressOf(edit) === url);
    if (own.length === 0) return loaded;
    return { ...loaded, source: own.reduce(withBug, String(loaded.source)) };
  },
});
