import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Asked, openRelay, type Reply } from './relay.ts';

const RETRY_AFTER_MS = 500;

/** Sends a write once more when it was not answered, or not well. */
export function blindRetry(venueUrl: string): Promise<string> {
  return openRelay(venueUrl, async ({ method }, forward) => {
    if (method === 'GET') return forward();
    const first = await Promise.race([forward().catch(() => undefined), wait(RETRY_AFTER_MS)]);
    return first === undefined || first.status >= 500 ? forward() : first;
  });
}

/** Answers a read-back with what was last sent, whatever became of it. Speaks Kraken only. */
export function falseReadBack(krakenUrl: string): Promise<string> {
  const sent = new Map<string, URLSearchParams>();
  const keyOf = ({ headers }: Asked) => String(headers.apikey);

  return openRelay(krakenUrl, async (asked, forward) => {
    const { pathname, searchParams } = new URL(asked.path, 'http://relay');
    if (!pathname.endsWith('/leveragepreferences')) return forward();
    if (asked.method !== 'GET') {
      sent.set(keyOf(asked), searchParams);
      return forward();
    }
    const last = sent.get(keyOf(asked));
    return last === undefined ? forward() : claimed(last);
  });
}

function claimed(last: URLSearchParams): Reply {
  const maxLeverage = last.get('maxLeverage');
  const listed = maxLeverage === null ? [] : [{ symbol: last.get('symbol'), maxLeverage: Number(maxLeverage) }];
  const body = { result: 'success', serverTime: new Date().toISOString(), leveragePreferences: listed };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

const DEFERRED_UPDATE = 6;
const callbackForm = z.object({ type: z.int() });

/** Takes every acknowledgement of a press for granted, and sends it when there is time. */
export function executeBeforeAck(discordApi: string): Promise<string> {
  return openRelay(discordApi, async (asked, forward) => {
    const isCallback = /\/interactions\/[^/]+\/[^/]+\/callback/.test(asked.path);
    const type = isCallback ? callbackForm.safeParse(parse(asked.body)).data?.type : undefined;
    if (type !== DEFERRED_UPDATE) return forward();
    void forward().catch(() => undefined);
    return { status: 204, headers: {}, body: '' };
  });
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
