/** @returns what a JSON text says, or undefined for anything that is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const plainNumber = /^-?[0-9]{1,18}(\.[0-9]{1,18})?$/;

/** The same with plain decimal numbers as the text that stands there, so that no digit of a price gets lost. */
export function parseExactJson(text: string): unknown {
  try {
    return JSON.parse(text, exactly);
  } catch {
    return undefined;
  }
}

/** @see the proposal "JSON.parse source text access": `source` is there for primitive values only */
function exactly(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number') return value;
  const source = context?.source ?? '';
  return plainNumber.test(source) ? source : value;
}
