import type { z } from 'zod';

export type FieldError = { readonly code: string; readonly message: string };
export type Path = readonly PropertyKey[];
export type FormProblem = FieldError & { readonly path: Path };

/** An answer with which Discord refuses a request. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, code: number, message: string, more: RefusalDetail = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
    this.extra = more.extra ?? {};
  }

  body(): Readonly<Record<string, unknown>> {
    const errors = this.errors === undefined ? {} : { errors: this.errors };
    return { message: this.message, code: this.code, ...errors, ...this.extra };
  }
}

type RefusalDetail = {
  readonly errors?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly extra?: Readonly<Record<string, unknown>>;
};

export const unauthorized = () => new Refusal(401, 0, '401: Unauthorized');
export const notFound = () => new Refusal(404, 0, '404: Not Found');
export const serverError = () => new Refusal(500, 0, '500: Internal Server Error');
export const unknownChannel = () => new Refusal(404, 10003, 'Unknown Channel');
export const unknownMessage = () => new Refusal(404, 10008, 'Unknown Message');
export const unknownUser = () => new Refusal(404, 10013, 'Unknown User');
export const unknownWebhook = () => new Refusal(404, 10015, 'Unknown Webhook');
export const unknownInteraction = () => new Refusal(404, 10062, 'Unknown interaction');
export const alreadyAcknowledged = () => new Refusal(400, 40060, 'Interaction has already been acknowledged.');
export const missingAccess = () => new Refusal(403, 50001, 'Missing Access');
export const emptyMessage = () => new Refusal(400, 50006, 'Cannot send an empty message');
export const closedInbox = () => new Refusal(403, 50007, 'Cannot send messages to this user');
export const missingPermissions = () => new Refusal(403, 50013, 'Missing Permissions');
export const invalidWebhookToken = () => new Refusal(401, 50027, 'Invalid Webhook Token');
export const invalidJson = () => new Refusal(400, 50109, 'The request body contains invalid JSON.');
export const tooLarge = () => new Refusal(413, 40005, 'Request entity too large');

/** 429 as Discord words it; `retryAfterMs` reaches both the body and the header in seconds. */
export function rateLimited(retryAfterMs: number, scope: 'global' | 'user' | 'shared'): Refusal {
  const seconds = Math.max(0.001, retryAfterMs / 1000);
  const global = scope === 'global';
  return new Refusal(429, 0, 'You are being rate limited.', {
    headers: {
      'retry-after': String(Math.ceil(seconds)),
      'x-ratelimit-reset-after': String(seconds),
      'x-ratelimit-scope': scope,
      ...(global ? { 'x-ratelimit-global': 'true' } : {}),
    },
    extra: { retry_after: seconds, global },
  });
}

/** 400 code 50035 with the nested `errors` object in which Discord repeats the form's own shape. */
export function invalidForm(problems: readonly FormProblem[]): Refusal {
  return new Refusal(400, 50035, 'Invalid Form Body', { errors: nest(problems) });
}

type Nested = { [key: string]: Nested | FieldError[] };

function nest(problems: readonly FormProblem[]): Nested {
  const root: Nested = {};
  for (const { path, code, message } of problems) {
    let node = root;
    for (const key of path) node = branch(node, String(key));
    const known = node._errors;
    node._errors = [...(Array.isArray(known) ? known : []), { code, message }];
  }
  return root;
}

function branch(node: Nested, key: string): Nested {
  const existing = node[key];
  if (existing !== undefined && !Array.isArray(existing)) return existing;
  const created: Nested = {};
  node[key] = created;
  return created;
}

/** Reads a form with a schema, or refuses it field by field; `under` is where it sits in the request. */
export function readForm<T>(schema: z.ZodType<T>, value: unknown, under: Path = []): T {
  const read = schema.safeParse(value, { reportInput: true });
  if (read.success) return read.data;
  throw invalidForm(read.error.issues.map((issue) => ({ path: [...under, ...issue.path], ...fieldError(issue) })));
}

type Issue = z.core.$ZodIssue;

// The names and sentences are those of Discord's own answers.
function fieldError(issue: Issue): FieldError {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? { code: 'NUMBER_TYPE_MAX', message: `int value should be less than or equal to ${issue.maximum}.` }
        : { code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${issue.maximum} or fewer in length.` };
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? { code: 'NUMBER_TYPE_MIN', message: `int value should be greater than or equal to ${issue.minimum}.` }
        : { code: 'BASE_TYPE_MIN_LENGTH', message: `Must be ${issue.minimum} or more in length.` };
    case 'invalid_value':
      return issue.input === undefined
        ? required
        : { code: 'BASE_TYPE_CHOICES', message: `Value must be one of {${issue.values.map(String).join(', ')}}.` };
    case 'invalid_union':
      return { code: 'UNION_TYPE_CHOICES', message: 'Value of field "type" must be one of the allowed types.' };
    case 'custom':
      return { code: String(issue.params?.discord ?? 'BASE_TYPE_INVALID'), message: issue.message };
    default:
      return { code: 'STRING_TYPE_REGEX', message: 'String value did not match validation regex.' };
  }
}

const required: FieldError = { code: 'BASE_TYPE_REQUIRED', message: 'This field is required' };

function wrongType(expected: string, input: unknown): FieldError {
  if (input === undefined || input === null) return required;
  if (expected === 'array') return { code: 'LIST_TYPE_CONVERT', message: 'Only iterables may be used in a ListType' };
  if (expected === 'object')
    return { code: 'DICT_TYPE_CONVERT', message: 'Only dictionaries may be used in a DictType' };
  if (expected === 'boolean') return { code: 'BOOLEAN_TYPE_CONVERT', message: 'Must be either true or false.' };
  if (expected === 'string')
    return { code: 'STRING_TYPE_CONVERT', message: `Could not interpret "${input}" as string.` };
  return { code: 'NUMBER_TYPE_COERCE', message: `Value "${input}" is not ${expected}.` };
}
