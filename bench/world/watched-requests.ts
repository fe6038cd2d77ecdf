import type { FastifyInstance } from 'fastify';

/** When what the bot sent for one interaction arrived (ms, monotonic). */
export type Timeline = {
  readonly sentAt: number;
  ackAt?: number;
  ackStatus?: number;
  /** When the edit arrived that filled the reply in. */
  cardAt?: number;
};

/** Notes when the bot's answers to interactions arrive, by each interaction's token; counts its requests. */
export function watchRequests(server: FastifyInstance) {
  const timelines = new Map<string, Timeline>();
  const totals = { requests: 0, bytes: 0 };

  server.addHook('onRequest', async ({ url, method, headers }) => {
    const at = performance.now();
    const token = tokenIn(url);
    if (token === undefined) return;
    totals.requests += 1;
    totals.bytes += Number(headers['content-length'] ?? 0);
    const timeline = timelines.get(token);
    if (timeline === undefined) return;
    if (url.includes('/callback')) timeline.ackAt ??= at;
    else if (method === 'PATCH') timeline.cardAt ??= at;
  });
  server.addHook('onResponse', async ({ url }, { statusCode }) => {
    const timeline = timelines.get(tokenIn(url) ?? '');
    if (timeline !== undefined && url.includes('/callback')) timeline.ackStatus ??= statusCode;
  });

  return {
    totals,
    follow(token: string, sentAt: number): Timeline {
      const timeline: Timeline = { sentAt };
      timelines.set(token, timeline);
      return timeline;
    },
    forget: () => timelines.clear(),
  };
}

/** `/interactions/<id>/<token>/callback` and `/webhooks/<application>/<token>/…` */
function tokenIn(url: string): string | undefined {
  return /\/(?:interactions|webhooks)\/\d+\/([^/?]+)/.exec(url)?.[1];
}
