import type { Secret } from './secret.ts';

const mostSecrets = 1000;
/** Shorter values would scrub ordinary words. */
const shortestSecret = 8;

const patterns: readonly (readonly [RegExp, string])[] = [
  // Discord's routes carry the interaction token: /webhooks/<application>/<token>, /interactions/<id>/<token>/callback.
  [/((?:webhooks|interactions)\/[0-9]+\/)[^/?#"\\\s]+/g, '$1[token]'],
  // Every interaction token is the base64 of "interaction:<id>:<random>".
  [/aW50ZXJhY3Rpb2[\w%+/=.-]+/g, '[token]'],
  // A bot token: three parts, the first one its application's id.
  [/(?<![\w-])[\w-]{20,}\.[\w-]{5,8}\.[\w-]{25,}/g, '[token]'],
  [/(\b(?:Bot|Bearer|Basic) )[\w.+/=~-]{8,}/g, '$1[token]'],
  [/(\/link\/)[\w-]{20,}/g, '$1[token]'],
];

/** Takes secrets out of finished text: the values it was told of, and what looks like a token. */
export function createScrubber(): {
  readonly protect: (secret: Secret) => void;
  /** For the operator's own few secrets: people can send so many others that a `protect`ed one is forgotten. */
  readonly pin: (secret: Secret) => void;
  readonly scrub: (text: string) => string;
} {
  const spellings = new Map<string, readonly string[]>();
  const pinned = new Map<string, readonly string[]>();

  function protect(secret: Secret): void {
    const value = secret.reveal();
    if (value.length < shortestSecret) return;
    // Put at the end again, so that the oldest one is the longest unused.
    spellings.delete(value);
    spellings.set(value, spellingsOf(value));
    const [oldest] = spellings.keys();
    if (spellings.size > mostSecrets && oldest !== undefined) spellings.delete(oldest);
  }

  function pin(secret: Secret): void {
    const value = secret.reveal();
    if (value.length >= shortestSecret) pinned.set(value, spellingsOf(value));
  }

  function scrub(text: string): string {
    let scrubbed = text;
    for (const values of [...pinned.values(), ...spellings.values()]) {
      for (const value of values) scrubbed = scrubbed.replaceAll(value, '[secret]');
    }
    for (const [pattern, replacement] of patterns) scrubbed = scrubbed.replace(pattern, replacement);
    return scrubbed;
  }

  return { protect, pin, scrub };
}

/** A secret as it stands in JSON text, in a URL and in an Authorization header. */
function spellingsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  // Not the bare value: one with quotes in it could match the line's own punctuation.
  const json = JSON.stringify(value).slice(1, -1);
  return [...new Set([json, encodeURIComponent(value), bytes.toString('base64'), bytes.toString('base64url')])];
}
