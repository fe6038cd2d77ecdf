import { z } from 'zod';
import { openChild } from '../processes.ts';

/** Starts the venues' simulators in a process of their own. */
export async function openVenues(settings: { readonly traders: number; readonly limits: 'published' | 'none' }) {
  const child = openChild('world/venues.ts', settings);
  return { ...child, origin: await child.ask('address', {}, z.string()) };
}

/** Starts venues that answer at once, without accounts or limits; nothing can be changed there. */
export async function openPlainVenues() {
  const child = openChild('world/plain-venues.ts');
  return { ...child, origin: await child.ask('address', {}, z.string()) };
}

/** Starts the loopback Discord in a process of its own. */
export async function openDiscord(settings: { readonly people: number; readonly guilds: number }) {
  const child = openChild('world/discord.ts', settings);
  return { ...child, api: await child.ask('api', {}, z.string()) };
}
