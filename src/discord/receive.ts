import type { Log } from '../log.ts';
import type { Handler } from './handle.ts';
import { readInvocation } from './interaction.ts';
import { acknowledge, type Rest } from './rest.ts';

/** Has a payload of the gateway answered; the first answer goes out as a callback. Never throws, whatever it is given. */
export function receive(
  context: { readonly rest: Rest; readonly handle: Handler['handle']; readonly log: Pick<Log, 'debug'> },
  payload: unknown,
): void {
  const { rest, handle, log } = context;
  const invocation = readInvocation(payload);
  if (invocation.kind === 'ignored') log.debug({ reason: invocation.reason }, 'an interaction was ignored');
  else void handle(invocation, (response, wantsId) => acknowledge(rest, invocation, response, wantsId));
}
