import type { Verb } from '../view.ts';

const verbs: Readonly<Record<Verb, true>> = {
  confirm: true,
  cancel: true,
  check: true,
  back: true,
  again: true,
  do: true,
  drop: true,
};
const pattern = /^v1\.([a-z]+)\.([A-Za-z0-9_-]{22})$/;

/**
 * Writes what a button carries: a version, a verb and 128 random bits, which find the rest in the store.
 *
 * @param id - 22 characters of base64url.
 * @throws TypeError when the id is not of that form: a button that nobody could press must not be shown.
 */
export function formatButtonId(verb: Verb, id: string): string {
  const text = `v1.${verb}.${id}`;
  if (!pattern.test(text)) throw new TypeError('a button needs an id of 22 base64url characters');
  return text;
}

/** Reads what {@link formatButtonId} wrote; `undefined` for anything else, such as a button of another version. */
export function parseButtonId(text: string): { readonly verb: Verb; readonly id: string } | undefined {
  const [, verb = '', id = ''] = pattern.exec(text) ?? [];
  return isVerb(verb) ? { verb, id } : undefined;
}

function isVerb(text: string): text is Verb {
  return Object.hasOwn(verbs, text);
}
