import { createLog } from '../../src/log.ts';
import { createLogStream } from '../../src/log-stream.ts';

// A program: it logs as many lines as it is told to, and says by message that it is alive.
const out = createLogStream();
const log = createLog({ level: 'info', stream: out });
process.on('uncaughtException', (error) => log.error({ error }, 'uncaught exception'));

process.on('message', async (message) => {
  if (typeof message !== 'number') return;
  for (let number = 0; number < message; number += 1) log.info({ number, text: 'x'.repeat(200) }, 'line');
  if (message === 0) {
    log.fatal({}, 'the last line');
    await out.flush(1_000);
    process.exit(0);
  }
  process.send?.({ logged: message, heapMiB: process.memoryUsage().rss / 1024 / 1024 });
});
