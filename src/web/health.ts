import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';
import type { Secret } from '../secret.ts';
import type { Store } from '../store/store.ts';
import { isSameText } from './sessions.ts';

export type HealthOptions = {
  /** Whether people can use the bot on Discord, or what is missing. */
  readonly discordState: () => 'ok' | 'not connected' | 'commands not registered';
  readonly store: Pick<Store, 'get'>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** What `/metrics` asks for as a bearer token; without one it answers nobody. */
  readonly metricsToken?: Secret | undefined;
  /** How long the store may take; a second unless a test gives another. */
  readonly storeDeadlineMs?: number;
};

/**
 * `/healthz`: the process answers. `/readyz`: it can work, or which part cannot. `/metrics`: for the holder of its token.
 * Where a request comes from would prove nothing: behind a plain nginx all of them come from this machine.
 */
export function serveHealth(app: FastifyInstance, options: HealthOptions): void {
  const { discordState, store, metrics, metricsToken, storeDeadlineMs = 1000 } = options;

  app.get('/healthz', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'));

  app.get('/readyz', async (_request, reply) => {
    const isStoreReady = await answersWithin(storeDeadlineMs, store.get('readyz'));
    const discord = discordState();
    const parts = [`discord: ${discord}`, `store: ${isStoreReady ? 'ok' : 'no answer'}`];
    const status = discord === 'ok' && isStoreReady ? 200 : 503;
    return reply
      .code(status)
      .type('text/plain; charset=utf-8')
      .send(`${parts.join('\n')}\n`);
  });

  app.get('/metrics', async (request, reply) => {
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (metricsToken === undefined || given === undefined || !isSameText(given, metricsToken.reveal())) {
      return reply.callNotFound();
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

async function answersWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const answered = work.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answered, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
