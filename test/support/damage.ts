/** A stored row with one character of its sealed text changed, whatever it was. */
export function damaged(row: string): string {
  return row.replace(
    /(ciphertext\\":\\")(.)/,
    (_all, before: string, first: string) => before + (first === '_' ? '-' : '_'),
  );
}
