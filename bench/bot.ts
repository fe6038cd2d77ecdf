import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Child, openChild } from './processes.ts';

const manifest = new URL('../package.json', import.meta.url);

/** The flags with which `npm start` runs Node. */
export function startFlags(script: string): readonly string[] {
  return script.split(' ').filter((word) => word.startsWith('--'));
}

/** Starts the whole bot as `npm start` does: the same flags, and compiled sources kept from one start to the next. */
export function openBot(directory: string, settings: unknown): Child {
  const { start } = z
    .object({ scripts: z.object({ start: z.string() }) })
    .parse(JSON.parse(readFileSync(manifest, 'utf8'))).scripts;
  return openChild('subjects/levergate.ts', settings, {
    flags: startFlags(start),
    environment: { NODE_COMPILE_CACHE: join(directory, 'compile-cache') },
  });
}
