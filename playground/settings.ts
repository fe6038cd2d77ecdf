/** What `npm run playground` reads from its environment. */
type Settings = { readonly kind: 'ok'; readonly port: number } | { readonly kind: 'refused'; readonly why: string };

const DEFAULT_PORT = 4400;
// The bot's own pages are on the port after it.
const LAST_PORT = 65_534;
const secrets = ['DISCORD_TOKEN', 'MASTER_KEYS', 'DISCORD_CLIENT_SECRET'] as const;

export const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '::1'];

/** Reads the environment, and refuses one that belongs to a real bot or would let other machines in. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const present = secrets.filter((name) => env[name]);
  if (present.length > 0)
    return refuse(`${present.join(' and ')} must not be set: the playground has a bot of its own.`);
  const host = env.PLAYGROUND_HOST;
  if (host && !loopbackHosts.includes(host)) {
    return refuse(`PLAYGROUND_HOST is not this machine's loopback: the playground lets anybody be anybody.`);
  }
  const text = env.PLAYGROUND_PORT || String(DEFAULT_PORT);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= LAST_PORT))
    return refuse(`PLAYGROUND_PORT must be a whole number from 1 to ${LAST_PORT}.`);
  return { kind: 'ok', port };
}

function refuse(why: string): Settings {
  return { kind: 'refused', why };
}
