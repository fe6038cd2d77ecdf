/** Looks for secrets in everything that leaves the bot. */
export type Leaks = {
  /** From now on this is a secret as well. */
  readonly add: (name: string, value: string) => void;
  /** @returns the name of a secret that stands in the text, in any of its spellings. */
  readonly find: (text: string) => string | undefined;
  /** Interaction tokens belong into requests to Discord, and nowhere else. */
  readonly findToken: (text: string) => string | undefined;
};

/** Every interaction token is the base64 of "interaction:<id>:<random>". */
const tokenPattern = /aW50ZXJhY3Rpb2[\w-]{20,}/;

/** @param secrets - Values by what to call them in a report. */
export function createLeaks(secrets: Readonly<Record<string, string>>): Leaks {
  const spellings: (readonly [name: string, spelling: string])[] = [];
  const add = (name: string, value: string): void => {
    for (const spelling of spellingsOf(value)) spellings.push([name, spelling]);
  };
  for (const [name, value] of Object.entries(secrets)) add(name, value);
  return {
    add,
    find: (text) => spellings.find(([, spelling]) => text.includes(spelling))?.[0],
    findToken: (text) => (tokenPattern.test(text) ? 'an interaction token' : undefined),
  };
}

function spellingsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const encoded = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
  return [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), ...encoded])];
}
