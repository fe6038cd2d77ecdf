import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SETTLE_MS = 150;
const folders = ['../src/', '../commands/'];

/** Calls back once after a burst of changes to the bot's sources. @returns what stops it. */
export function watchSources(changed: () => void): () => void {
  let settling: NodeJS.Timeout | undefined;
  const watchers = folders.map((folder) =>
    watch(fileURLToPath(new URL(folder, import.meta.url)), { recursive: true }, (_event, name) => {
      if (!name?.endsWith('.ts')) return;
      clearTimeout(settling);
      settling = setTimeout(changed, SETTLE_MS);
    }),
  );
  return () => {
    clearTimeout(settling);
    for (const watcher of watchers) watcher.close();
  };
}
