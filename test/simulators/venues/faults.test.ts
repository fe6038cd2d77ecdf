import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultInput, faultList, faultSchema } from '../../../simulators/venues/faults.ts';
import { createKrakenFuturesSimulator } from '../../../simulators/venues/kraken-futures.ts';
import { createMudrexSimulator } from '../../../simulators/venues/mudrex.ts';
import { krakenCall, openVenue, type Reply, request, transportFailure } from './open-venue.ts';

const clock = { at: 1_780_000_000_000 };

async function open() {
  const simulator = createMudrexSimulator({
    // Every look at this clock moves it.
    now: () => {
      clock.at += 1;
      return clock.at;
    },
    accounts: [
      { id: 'alice', secret: 'demo-secret-alice', settings: [{ symbol: 'BTCUSDT', leverage: '5' }] },
      { id: 'bob', secret: 'demo-secret-bob', settings: [{ symbol: 'BTCUSDT', leverage: '6' }] },
    ],
    limits: [],
  });
  const venue = await openVenue(simulator.plugin, '/mudrex');
  const path = `${venue.url}/fapi/v1/futures/BTCUSDT/leverage?is_symbol`;
  const read = (secret = 'demo-secret-alice', init: RequestInit = {}) =>
    request(path, { headers: { 'X-Authentication': secret }, ...init });
  const write = (leverage: number, init: RequestInit = {}) =>
    request(path, {
      method: 'POST',
      headers: { 'X-Authentication': 'demo-secret-alice', 'Content-Type': 'application/json' },
      body: JSON.stringify({ leverage }),
      ...init,
    });
  const stored = () => simulator.settings('alice')[0]?.leverage;
  return { simulator, venue, read, write, stored };
}

const shown = (leverage: string) => ({ success: true, data: { Leverage: leverage, MarginType: 'ISOLATED' } });

describe('faults', () => {
  let mudrex: Awaited<ReturnType<typeof open>>;
  beforeEach(async () => {
    mudrex = await open();
  });
  afterEach(() => mudrex.venue.close());

  const arm = (fault: FaultInput) => mudrex.simulator.faults.add(fault);

  it('are all in the list that the page shows, once each', () => {
    const names = faultSchema.options.map(({ shape }) => shape.name.value);
    expect(faultList.map(({ name }) => name)).toEqual(names.toSorted((a, b) => order(a) - order(b)));
    expect(new Set(faultList.map(({ name }) => name)).size).toBe(names.length);
  });

  describe('their scope', () => {
    it('ends when the times are used up, and the queue shows what is left', async () => {
      arm({ name: 'server-error', times: 2 });
      expect((await mudrex.read()).status).toBe(500);
      expect(mudrex.simulator.faults.active()).toMatchObject([{ left: 1, fault: { name: 'server-error' } }]);
      expect((await mudrex.read()).status).toBe(500);
      expect((await mudrex.read()).status).toBe(200);
      expect(mudrex.simulator.faults.active()).toEqual([]);
    });

    it('lasts until it is cleared or removed when it is for ever', async () => {
      const id = arm({ name: 'server-error', times: 'forever' });
      for (let call = 0; call < 5; call += 1) expect((await mudrex.read()).status).toBe(500);
      expect(mudrex.simulator.faults.active()).toMatchObject([{ id, left: 'forever' }]);
      mudrex.simulator.faults.remove(id);
      expect((await mudrex.read()).status).toBe(200);
      arm({ name: 'server-error', times: 'forever' });
      mudrex.simulator.faults.clear();
      expect((await mudrex.read()).status).toBe(200);
    });

    it('can be writes only, one account only, or one path only', async () => {
      arm({ name: 'server-error', on: 'write' });
      arm({ name: 'server-error', status: 502, account: 'bob' });
      arm({ name: 'server-error', status: 503, path: '/positions' });
      expect((await mudrex.read()).status).toBe(200);
      expect((await mudrex.write(7)).status).toBe(500);
      expect((await mudrex.read('demo-secret-bob')).status).toBe(502);
      expect(mudrex.simulator.faults.active()).toMatchObject([{ fault: { path: '/positions' } }]);
    });

    it('strikes one call at a time, oldest first', async () => {
      arm({ name: 'server-error', status: 502 });
      arm({ name: 'server-error', status: 503 });
      expect([(await mudrex.read()).status, (await mudrex.read()).status]).toEqual([502, 503]);
    });

    it('refuses a fault that makes no sense', () => {
      expect(() => arm({ name: 'delay', ms: -1 })).toThrow();
      expect(mudrex.simulator.faults.active()).toEqual([]);
    });
  });

  describe('before anything is applied', () => {
    it.each<FaultInput>([
      { name: 'rate-limited' },
      { name: 'server-error', status: 500 },
      { name: 'server-error', status: 502, page: 'html' },
      { name: 'refused', text: 'insufficient balance' },
      { name: 'redirect', to: 'http://127.0.0.1:9/elsewhere' },
    ])('$name answers and changes nothing', async (fault) => {
      arm(fault);
      expect((await mudrex.write(7)).status).not.toBe(200);
      expect([mudrex.stored(), mudrex.simulator.writeCount()]).toEqual(['5', 0]);
    });

    it('reset breaks the connection', async () => {
      arm({ name: 'reset' });
      expect(await transportFailure(mudrex.write(7))).toBe('ECONNRESET');
      expect([mudrex.stored(), mudrex.simulator.writeCount()]).toEqual(['5', 0]);
    });

    it('hang never answers and never applies, until the hang is released', async () => {
      arm({ name: 'hang' });
      const hanging = transportFailure(mudrex.write(7));
      await expect.poll(() => mudrex.simulator.requests.length).toBe(1);
      expect((await mudrex.read()).status).toBe(200);
      mudrex.simulator.releaseHangs();
      expect(await hanging).toBe('UND_ERR_SOCKET');
      expect([mudrex.stored(), mudrex.simulator.requests[0]?.status]).toEqual(['5', 'none']);
    });

    it('delay answers late, and the call lands even when the client has gone', async () => {
      arm({ name: 'delay', ms: 300 });
      const client = new AbortController();
      const gone = transportFailure(mudrex.write(7, { signal: client.signal }));
      await expect.poll(() => mudrex.simulator.requests.length, { interval: 5 }).toBe(1);
      client.abort();
      expect(await gone).toMatch(/abort/i);
      expect([mudrex.stored(), mudrex.simulator.requests[0]?.status]).toEqual(['5', 'none']);
      await expect.poll(mudrex.stored).toBe('7');
    });

    it('a delayed write is logged at the time it landed', async () => {
      arm({ name: 'delay', ms: 1 });
      const before = clock.at;
      const delayed = mudrex.write(7);
      await expect.poll(() => mudrex.simulator.requests.length, { interval: 5 }).toBe(1);
      await delayed;
      const [entry] = mudrex.simulator.writes;
      expect(entry?.at).toBeGreaterThan(before);
      expect(mudrex.simulator.requests[0]?.at).toBeLessThan(entry?.at ?? 0);
    });
  });

  describe('after the call was carried out', () => {
    it('apply-then-hang changes the setting and never answers', async () => {
      arm({ name: 'apply-then-hang' });
      const hanging = transportFailure(mudrex.write(7));
      await expect.poll(mudrex.stored).toBe('7');
      mudrex.simulator.releaseHangs();
      expect([await hanging, mudrex.simulator.writeCount()]).toEqual(['UND_ERR_SOCKET', 1]);
    });

    it('apply-then-reset changes the setting and breaks the connection', async () => {
      arm({ name: 'apply-then-reset' });
      expect(await transportFailure(mudrex.write(7))).toBe('ECONNRESET');
      expect([mudrex.stored(), mudrex.simulator.writeCount()]).toEqual(['7', 1]);
    });

    it.each<FaultInput & { name: 'broken-json' | 'wrong-shape' | 'empty' | 'no-content' }>([
      { name: 'broken-json' },
      { name: 'wrong-shape' },
      { name: 'empty' },
      { name: 'no-content' },
    ])('$name applies, unless it is told not to', async (fault) => {
      arm(fault);
      arm({ ...fault, applied: false });
      await mudrex.write(7);
      await mudrex.write(8);
      expect([mudrex.stored(), mudrex.simulator.writeCount()]).toEqual(['7', 1]);
    });

    it('server-error can come after the change', async () => {
      arm({ name: 'server-error', applied: true });
      expect((await mudrex.write(7)).status).toBe(500);
      expect(mudrex.stored()).toBe('7');
    });
  });

  describe('answers', () => {
    const struck = (fault: FaultInput): Promise<Reply> => {
      arm(fault);
      return mudrex.read();
    };

    it('rate-limited has Retry-After only when asked for', async () => {
      const text = { errors: [{ code: 429, text: 'Rate limit exceeded' }] };
      const without = await struck({ name: 'rate-limited' });
      expect([without.status, without.headers.has('retry-after')]).toEqual([429, false]);
      expect(without.json).toMatchObject(text);
      expect((await struck({ name: 'rate-limited', retryAfterSeconds: 3 })).headers.get('retry-after')).toBe('3');
    });

    it('server-error is the JSON of the venue, or an HTML page', async () => {
      expect((await struck({ name: 'server-error' })).json).toMatchObject({
        errors: [{ text: 'something went wrong' }],
      });
      const page = await struck({ name: 'server-error', status: 502, page: 'html' });
      expect([page.status, page.headers.get('content-type'), page.text.slice(0, 15)]).toEqual([
        502,
        'text/html; charset=utf-8',
        '<!doctype html>',
      ]);
    });

    it('broken-json is whole by its length but no JSON', async () => {
      const reply = await struck({ name: 'broken-json' });
      expect([reply.status, reply.json, reply.headers.get('content-length')]).toEqual([
        200,
        undefined,
        String(reply.text.length),
      ]);
      expect(reply.text.length).toBeGreaterThan(10);
    });

    it('cut-body ends before its announced length', async () => {
      expect(await transportFailure(struck({ name: 'cut-body' }))).toBe('UND_ERR_SOCKET');
    });

    it('huge-body is longer than 5 MiB, and still good JSON', async () => {
      const reply = await struck({ name: 'huge-body' });
      expect(reply.text.length).toBeGreaterThan(5 * 1024 * 1024);
      expect(reply.json).toEqual(shown('5'));
    });

    it('slow-headers and slow-body are good answers, in pieces', async () => {
      const slowHeaders = await struck({ name: 'slow-headers', ms: 20, everyMs: 2 });
      expect([slowHeaders.headers.get('x-slow'), slowHeaders.json]).toEqual(['aaaaaaaaaa', shown('5')]);
      expect((await struck({ name: 'slow-body', everyMs: 1 })).json).toEqual(shown('5'));
    });

    it('wrong-shape is well-formed JSON of any shape', async () => {
      expect((await struck({ name: 'wrong-shape' })).json).toEqual({ ok: true });
      expect((await struck({ name: 'wrong-shape', body: { success: true, data: [] } })).json).toEqual({
        success: true,
        data: [],
      });
    });

    it('empty and no-content have no body', async () => {
      expect(await struck({ name: 'empty' })).toMatchObject({ status: 200, text: '' });
      expect(await struck({ name: 'no-content' })).toMatchObject({ status: 204, text: '' });
    });

    it('redirect points elsewhere, and a client that follows carries the secret there', async () => {
      const arrived: string[] = [];
      const elsewhere = createServer((incoming, outgoing) => {
        arrived.push(`${incoming.method} ${incoming.headers['x-authentication']}`);
        outgoing.end('{}');
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const address = elsewhere.address();
      const to = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
      const reply = await struck({ name: 'redirect', to });
      expect([reply.status, reply.headers.get('location')]).toEqual([307, to]);
      expect(arrived).toEqual([]);
      arm({ name: 'redirect', to, status: 302 });
      await mudrex.read('demo-secret-alice', { redirect: 'follow' });
      expect(arrived).toEqual(['GET demo-secret-alice']);
      await new Promise((resolve) => elsewhere.close(resolve));
    });

    it('refused carries the given text, status and code', async () => {
      const reply = await struck({ name: 'refused', text: 'conflict', status: 409 });
      expect(reply).toMatchObject({ status: 409, json: { success: false, errors: [{ code: 409, text: 'conflict' }] } });
    });
  });

  describe('reading back', () => {
    it('no-effect says success and changes nothing', async () => {
      arm({ name: 'no-effect' });
      expect((await mudrex.write(7)).json).toEqual(shown('7'));
      expect((await mudrex.read()).json).toEqual(shown('5'));
      expect(mudrex.simulator.writeCount()).toBe(0);
    });

    it('flaky-read-back spares readings before the write and fails one after it', async () => {
      arm({ name: 'flaky-read-back' });
      expect((await mudrex.read()).status).toBe(200);
      await mudrex.write(7);
      expect((await mudrex.read('demo-secret-bob')).status).toBe(200);
      expect((await mudrex.read()).status).toBe(503);
      expect((await mudrex.read()).json).toEqual(shown('7'));
    });

    it('flaky-read-back can show the old value instead', async () => {
      arm({ name: 'flaky-read-back', shows: 'old value' });
      await mudrex.write(7);
      expect((await mudrex.read()).json).toEqual(shown('5'));
      expect((await mudrex.read()).json).toEqual(shown('7'));
    });

    it('lagging-read-back shows the old value until its time after the write is over', async () => {
      arm({ name: 'lagging-read-back', ms: 1_000 });
      expect((await mudrex.read()).json).toEqual(shown('5'));
      await mudrex.write(7);
      expect((await mudrex.read()).json).toEqual(shown('5'));
      expect((await mudrex.read()).json).toEqual(shown('5'));
      expect((await mudrex.read('demo-secret-bob')).json).toEqual(shown('6'));
      clock.at += 1_000;
      expect((await mudrex.read()).json).toEqual(shown('7'));
      await mudrex.write(8);
      expect((await mudrex.read()).json).toEqual(shown('7'));
    });

    it('any fault can wait for the read-back', async () => {
      arm({ name: 'server-error', on: 'read', afterWrite: true });
      expect((await mudrex.read()).status).toBe(200);
      await mudrex.write(7);
      expect((await mudrex.read()).status).toBe(500);
      expect((await mudrex.read()).json).toEqual(shown('7'));
    });
  });

  it('a closing server breaks every connection that waits', async () => {
    const other = await open();
    const faults: FaultInput[] = [
      { name: 'hang' },
      { name: 'apply-then-hang' },
      { name: 'delay', ms: 600_000 },
      { name: 'slow-headers', ms: 600_000 },
      { name: 'slow-body', everyMs: 600_000 },
    ];
    for (const fault of faults) other.simulator.faults.add(fault);
    const waiting = faults.map(() => transportFailure(other.read()));
    await expect.poll(() => other.simulator.requests.length).toBe(faults.length);
    await other.venue.close();
    for (const failure of await Promise.all(waiting)) expect(failure).toMatch(/^UND_ERR_/);
  });

  it('a request that a fault struck stands in the log with its name', async () => {
    arm({ name: 'server-error' });
    await mudrex.read();
    expect(mudrex.simulator.requests).toMatchObject([{ fault: 'server-error', status: 500 }]);
  });
});

describe('faults of Kraken Futures', () => {
  const credential = { key: 'demoKey', secret: Buffer.alloc(64, 'demo ').toString('base64') };
  const serverTime = new Date(1_780_000_000_000).toISOString();

  const put = async (fault: FaultInput) => {
    const simulator = createKrakenFuturesSimulator({
      now: () => 1_780_000_000_000,
      accounts: [{ id: 'alice', keys: [credential], settings: { PF_ETHUSD: '3' } }],
    });
    const venue = await openVenue(simulator.plugin, '/kraken');
    simulator.faults.add(fault);
    const path = '/derivatives/api/v3/leveragepreferences';
    const query = 'symbol=PF_XBTUSD&maxLeverage=5';
    const reply = await krakenCall(venue.url, credential, { method: 'PUT', path, query });
    const readBack = await krakenCall(venue.url, credential, { path });
    await venue.close();
    return { reply, readBack, writes: simulator.writeCount() };
  };

  it.each<[FaultInput, number, object]>([
    [
      { name: 'refused', on: 'write', error: 'marketUnavailable' },
      200,
      { result: 'error', error: 'marketUnavailable', serverTime },
    ],
    [
      { name: 'refused', on: 'write', error: 'Unavailable', status: 503 },
      503,
      { result: 'error', error: 'Unavailable', serverTime },
    ],
    [{ name: 'refused', on: 'write', code: 41 }, 500, { errors: [{ code: 41, message: 'WOULD_CAUSE_LIQUIDATION' }] }],
    [
      { name: 'refused', on: 'write', code: 92, status: 200 },
      200,
      { status: 'OK', result: 'error', errors: [{ code: 92 }], serverTime },
    ],
    [
      { name: 'refused', on: 'write', code: 87, status: 400, message: 'X' },
      400,
      { errors: [{ code: 87, message: 'X' }] },
    ],
    [{ name: 'rate-limited', on: 'write' }, 429, { error: 'apiLimitExceeded' }],
    [{ name: 'server-error', on: 'write', status: 502 }, 502, { error: 'Server Error' }],
  ])('%j is answered in the shape of the venue', async (fault, status, json) => {
    const { reply, writes } = await put(fault);
    expect(reply).toMatchObject({ status, json });
    expect(writes).toBe(0);
  });

  it('no-effect leaves the preferences alone', async () => {
    const { reply, readBack, writes } = await put({ name: 'no-effect' });
    expect([reply.json, writes]).toEqual([{ result: 'success', serverTime }, 0]);
    expect(readBack.json).toMatchObject({ leveragePreferences: [{ symbol: 'PF_ETHUSD' }] });
  });

  it('flaky-read-back can show the preferences of before', async () => {
    const { readBack, writes } = await put({ name: 'flaky-read-back', shows: 'old value' });
    expect(writes).toBe(1);
    expect(readBack.json).toMatchObject({ leveragePreferences: { length: 1 } });
  });
});

const order = (name: string): number => faultList.findIndex((listed) => listed.name === name);
