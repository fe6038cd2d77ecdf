import { z } from 'zod';

const scope = {
  /** Which calls it strikes; reads and writes alike when left out. */
  on: z.enum(['read', 'write', 'any']).default('any'),
  times: z.union([z.int().positive(), z.literal('forever')]).default(1),
  /** Only calls of this account. */
  account: z.string().optional(),
  /** Only calls whose path contains this. */
  path: z.string().optional(),
  /** Only reads of a setting after this account has written. */
  afterWrite: z.boolean().default(false),
};

/** Whether the call is carried out before its answer is spoilt. */
const spoilt = { ...scope, applied: z.boolean().default(true) };
const unapplied = { ...scope, applied: z.boolean().default(false) };
const ms = z.int().nonnegative();

/** What can go wrong at a simulated venue. Each fault strikes one call at a time, oldest fault first. */
export const faultSchema = z.discriminatedUnion('name', [
  z.object({ name: z.literal('delay'), ms, ...scope }),
  z.object({ name: z.literal('hang'), ...scope }),
  z.object({ name: z.literal('reset'), ...scope }),
  z.object({ name: z.literal('apply-then-hang'), ...scope }),
  z.object({ name: z.literal('apply-then-reset'), ...scope }),
  z.object({ name: z.literal('rate-limited'), retryAfterSeconds: z.number().nonnegative().optional(), ...scope }),
  z.object({
    name: z.literal('server-error'),
    status: z.int().min(500).max(599).default(500),
    page: z.enum(['json', 'html']).default('json'),
    ...unapplied,
  }),
  z.object({ name: z.literal('broken-json'), ...spoilt }),
  z.object({ name: z.literal('cut-body'), ...spoilt }),
  z.object({
    name: z.literal('huge-body'),
    bytes: z
      .int()
      .positive()
      .default(6 * 1024 * 1024),
    ...spoilt,
  }),
  z.object({ name: z.literal('slow-headers'), ms: ms.default(30_000), everyMs: ms.default(100), ...spoilt }),
  z.object({ name: z.literal('slow-body'), everyMs: ms.default(500), ...spoilt }),
  z.object({ name: z.literal('wrong-shape'), body: z.unknown().optional(), ...spoilt }),
  z.object({ name: z.literal('empty'), ...spoilt }),
  z.object({ name: z.literal('no-content'), ...spoilt }),
  z.object({
    name: z.literal('redirect'),
    to: z.url(),
    status: z.union([z.literal(302), z.literal(307)]).default(307),
    ...scope,
  }),
  z.object({
    name: z.literal('refused'),
    /** Without it the venue's usual status for this kind of refusal. */
    status: z.int().min(200).max(599).optional(),
    /** Mudrex: the text. */
    text: z.string().optional(),
    /** Kraken: the error string, such as `marketUnavailable` or `EAPI:Invalid key`. */
    error: z.string().optional(),
    /** Kraken: 41, 87, 88, 92. Mudrex: the code when it differs from the status. */
    code: z.int().optional(),
    /** Kraken: the message beside the code; it may be missing. */
    message: z.string().optional(),
    /** Kraken: the error string stands in a list of strings, the third of its shapes. */
    inList: z.boolean().default(false),
    /** Whether the call is carried out all the same. */
    applied: z.boolean().default(false),
    ...scope,
  }),
  z.object({ name: z.literal('no-effect'), ...scope, on: z.literal('write').default('write') }),
  z.object({
    name: z.literal('flaky-read-back'),
    shows: z.enum(['error', 'old value']).default('error'),
    ...scope,
    on: z.literal('read').default('read'),
  }),
  z.object({
    name: z.literal('lagging-read-back'),
    /** For how long after a write its old value is shown, by the simulator's clock. */
    ms: ms.default(1_000),
    ...scope,
    times: z.union([z.int().positive(), z.literal('forever')]).default('forever'),
    on: z.literal('read').default('read'),
  }),
  // From here on only what can happen to a frame on a socket: a plain request is passed by.
  z.object({ name: z.literal('close'), code: z.int().min(1000).max(4999).default(1008), ...unapplied }),
  z.object({ name: z.literal('maintenance'), ...scope }),
  z.object({ name: z.literal('stale-token'), ...scope }),
  z.object({ name: z.literal('doubled'), ...scope }),
  z.object({ name: z.literal('foreign-id'), id: z.enum(['another', 'none', 'text']).default('another'), ...spoilt }),
]);

/** Those that strike frames on a socket only. */
export const frameFaults: ReadonlySet<string> = new Set([
  ...['close', 'maintenance', 'stale-token', 'doubled', 'foreign-id'],
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;
export type FaultName = Fault['name'];

/** Every fault with the one thing to watch for; the playground page shows this list. */
export const faultList: readonly { readonly name: FaultName; readonly watchFor: string }[] = [
  { name: 'delay', watchFor: 'A late answer; past the deadline the bot must read back, since the call still lands.' },
  { name: 'hang', watchFor: 'Nothing was applied and nothing is answered: "not known yet", then "not applied".' },
  { name: 'reset', watchFor: 'The connection dies before anything is applied: read back, never sent again.' },
  {
    name: 'apply-then-hang',
    watchFor: 'The leverage did change although no answer came: "Done" after the read-back.',
  },
  { name: 'apply-then-reset', watchFor: 'The leverage did change although the connection died: one write, not two.' },
  { name: 'rate-limited', watchFor: 'A 429: a write is not repeated, and the wait is told when it is known.' },
  { name: 'server-error', watchFor: 'A 5xx as JSON or as an HTML page: in doubt until it is read back.' },
  { name: 'broken-json', watchFor: 'Half a JSON text with status 200: no "done" without a read-back.' },
  { name: 'cut-body', watchFor: 'The body ends before its announced length.' },
  { name: 'huge-body', watchFor: 'A body over 5 MiB: reading stops at the cap.' },
  { name: 'slow-headers', watchFor: 'Headers drip in: the deadline holds although bytes keep coming.' },
  { name: 'slow-body', watchFor: 'The body drips in: the deadline holds although bytes keep coming.' },
  { name: 'wrong-shape', watchFor: 'Well-formed JSON of another shape with status 200 is not a success.' },
  { name: 'empty', watchFor: 'Status 200 without a body is not a success.' },
  { name: 'no-content', watchFor: 'Status 204 is not a success.' },
  { name: 'redirect', watchFor: 'Nothing may arrive at the address the venue points to.' },
  { name: 'refused', watchFor: "The venue's own reason is shown, and nothing was changed." },
  { name: 'no-effect', watchFor: 'The venue says success and changes nothing: the read-back must notice.' },
  { name: 'flaky-read-back', watchFor: 'The write works, but reading it back fails or shows the old value.' },
  { name: 'lagging-read-back', watchFor: 'The write works, but shows only after a while: "accepted", then "done".' },
  { name: 'close', watchFor: 'The exchange closes the socket with a code, and says nothing of the change.' },
  { name: 'maintenance', watchFor: 'The exchange says that it is being maintained, and closes the socket.' },
  { name: 'stale-token', watchFor: 'The token of the socket has ended before its time: refused, and nothing changed.' },
  { name: 'doubled', watchFor: 'One change, answered twice: one receipt.' },
  { name: 'foreign-id', watchFor: "An answer that is somebody else's, or nobody's: not a success." },
];
