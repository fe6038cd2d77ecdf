import { Secret } from './secret.ts';

const deepest = 5;
const longestText = 4000;
const mostItems = 100;
const sensitiveName = /token|secret|password|authorization|cookie|credential|api_?key|sealed|^(body|headers|url)$/i;

/**
 * Turns anything into plain data that is safe to write as JSON: errors shrink to name, message, stack, code and cause,
 * fields with a telling name are left out, other objects than plain ones appear by their class name only.
 */
export function toPlain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return plainObject(fields, 0);
}

function plain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : plainReference(value, depth);
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    default:
      return value;
  }
}

function plainReference(value: object, depth: number): unknown {
  if (depth >= deepest) return '[deeper]';
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Secret) return '[secret]';
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => plain(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null
    ? plainObject(value, depth)
    : `[${value.constructor?.name ?? 'object'}]`;
}

function plainObject(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(value).slice(0, mostItems);
  return Object.fromEntries(
    entries.map(([name, field]) => [name, sensitiveName.test(name) ? '[redacted]' : plain(field, depth + 1)]),
  );
}

/** An error of a library may carry the request with its secrets: only these fields are kept. */
function plainError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error && isScalar(error.code) ? error.code : undefined;
  return {
    name: plain(name, depth),
    message: plain(message, depth),
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack: plain(stack, depth) }),
    ...(cause !== undefined && { cause: plain(cause, depth + 1) }),
  };
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
