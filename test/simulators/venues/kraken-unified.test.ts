import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultInput } from '../../../simulators/venues/faults.ts';
import {
  createKrakenUnifiedSimulator,
  type UnifiedSimulatorOptions,
} from '../../../simulators/venues/kraken-unified.ts';
import { connectRaw, type RawSocket, signUnified, unifiedCall } from './kraken-unified-client.ts';
import { openVenue } from './open-venue.ts';

const clock = { at: 0 };
const secret = Buffer.alloc(64, 'demo secret ').toString('base64');
type CallFault = Exclude<FaultInput, { readonly name: 'flaky-read-back' | 'lagging-read-back' | 'no-effect' }>;
/** Those that spoil an answer to what was carried out, unless they are told not to carry it out. */
type SpoilingFault = Extract<
  FaultInput,
  {
    readonly name:
      | 'broken-json'
      | 'wrong-shape'
      | 'empty'
      | 'no-content'
      | 'huge-body'
      | 'foreign-id'
      | 'slow-body'
      | 'slow-headers';
  }
>;
const good = ['create-ws-token', 'modify-trades', 'query-open-trades'];

const accounts: UnifiedSimulatorOptions['accounts'] = [
  {
    id: 'alice',
    keys: [
      { key: 'keyAlice', secret },
      { key: 'keyReader', secret, permissions: ['create-ws-token', 'query-open-trades'] },
      { key: 'keyNoSocket', secret, permissions: ['modify-trades'] },
      { key: 'keyTwoFactor', secret, otp: '123456' },
      { key: 'keyWindow', secret, nonceWindow: 1000 },
      { key: 'keyEnding', secret, validUntil: Date.UTC(2026, 11, 1) },
      { key: 'keyNanos', secret, highestNonce: 1_795_262_400_000_000_000n },
      { key: 'keyHome', secret, ipAllowlist: ['192.0.2.1'] },
    ],
    settings: { PF_XBTUSD: '3', PF_SOLUSD: '2.5' },
    positions: [{ symbol: 'PF_XBTUSD', side: 'long', size: '0.1', price: '60000' }],
    orders: [{ symbol: 'PF_XBTUSD', side: 'buy', size: '0.05', limitPrice: '55000' }],
    collateral: '5000',
    rules: [{ symbol: 'PF_ADAUSD', code: 92, below: 2 }],
  },
  {
    id: 'bob',
    keys: [{ key: 'keyBob', secret }],
    positions: [{ symbol: 'PF_ETHUSD', side: 'short', size: '600', price: '3000' }],
    collateral: '10000000',
  },
];

async function open(options: Partial<UnifiedSimulatorOptions> = {}) {
  clock.at = Date.UTC(2026, 10, 21, 12);
  let nonce = 1_000_000n;
  const simulator = createKrakenUnifiedSimulator({ now: () => clock.at, accounts, ...options });
  const { url, close } = await openVenue(simulator.plugin, '/kraken-api');
  const sockets: RawSocket[] = [];
  const call = (key = 'keyAlice', more: Partial<Parameters<typeof unifiedCall>[1]> = {}) => {
    nonce += 1n;
    return unifiedCall(url, { key, secret, nonce: String(nonce), ...more });
  };
  const info = (key?: string) => call(key, { path: '/0/private/GetApiKeyInfo' });
  const token = async (key?: string): Promise<string> => /"token":"([^"]+)"/.exec((await call(key)).text)?.[1] ?? '';
  const connect = async (name: 'public' | 'private' = 'private'): Promise<RawSocket> => {
    const socket = await connectRaw(`${url.replace('http', 'ws').replace('/kraken-api', '/kraken-uws')}/v2/${name}`);
    sockets.push(socket);
    return socket;
  };
  /** A socket whose token was proven by a subscription. */
  const session = async (key?: string) => {
    const [socket, text] = [await connect(), await token(key)];
    await socket.ask({ method: 'subscribe', req_id: 1, params: { channel: 'preferences', token: text } });
    return { socket, token: text };
  };
  const closeAll = async () => {
    await close();
    await Promise.all(sockets.map(({ closed }) => closed));
  };
  return { simulator, url, call, info, token, connect, session, close: closeAll };
}

const set = (token: unknown, mode: unknown, id = 2) => ({
  ...{ method: 'set_preference', req_id: id },
  params: { asset_class: 'derivatives', token, leverage_mode: mode },
});
const subscribe = (token: string, channel: string, more: object = {}, id = 3) => ({
  ...{ method: 'subscribe', req_id: id },
  params: { channel, asset_class: 'derivatives', token, ...more },
});
const refused = (error: string) => ({ status: 200, json: { error: [error] } });

let kraken: Awaited<ReturnType<typeof open>>;
beforeEach(async () => {
  kraken = await open();
});
afterEach(() => kraken.close());

describe("Kraken's signatures", () => {
  const documented = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==';
  const nonce = '1616492376594';
  const order = `nonce=${nonce}&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25`;
  const orderSign = '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==';
  const tokenSign = '+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA==';
  const infoSign = '0hXh9q5/fK8xgzNfiExbUyhEvsv1gAYGgL/5PWy8Xo8kFGhpI/ZwAnHB1eC0SYtlYiywFcypDRuBP/GjHp+ojA==';
  const otpSign = 'Ar/xaIFCxoB9vYgmMdFa96Q4kobeliKYcsJVL0e/9WCP8p+91eHqwusA7xAg4PaDXeGRBOWqOD4e7jxeWmvvDQ==';

  it('are those of the documented example', () => {
    expect(signUnified(documented, '/0/private/AddOrder', nonce, order)).toBe(orderSign);
  });

  it.each([
    ['GetWebSocketsToken', `nonce=${nonce}`, tokenSign],
    ['GetWebSocketsToken', `nonce=${nonce}&otp=123456`, otpSign],
    ['GetApiKeyInfo', `nonce=${nonce}`, infoSign],
  ])('let in %s with the body %s and no other', async (name, body, sign) => {
    const otp = body.includes('otp') ? { otp: '123456' } : {};
    const vectors = await open({ accounts: [{ id: 'alice', keys: [{ key: 'k', secret: documented, ...otp }] }] });
    const send = (sent: string) =>
      fetch(`${vectors.url}/0/private/${name}`, {
        method: 'POST',
        body: sent,
        headers: { 'API-Key': 'k', 'API-Sign': sign, 'Content-Type': 'application/x-www-form-urlencoded' },
      });
    expect(await (await send(`${body}&a=1`)).json()).toEqual({ error: ['EAPI:Invalid signature'] });
    expect(await (await send(body)).json()).toMatchObject({ error: [], result: {} });
    await vectors.close();
  });
});

describe("Kraken's REST", () => {
  it('gives a token for fifteen minutes', async () => {
    const result = { token: expect.stringMatching(/^[\w-]{43}$/), expires: 900 };
    expect(await kraken.call()).toMatchObject({ status: 200, json: { error: [], result } });
  });

  it('tells of a key, with times as texts in seconds', async () => {
    await kraken.call('keyEnding');
    const result = {
      ...{ apiKeyName: 'levergate', apiKey: 'keyEnding', permissions: good, nonceWindow: '0' },
      ...{ validUntil: String(Date.UTC(2026, 11, 1) / 1000), queryFrom: '0', queryTo: '0', ipAllowlist: [] },
      ...{ nonce: '1000002', lastUsed: String(clock.at / 1000), iban: expect.stringMatching(/^AA\w\w /) },
    };
    expect((await kraken.info('keyEnding')).json).toMatchObject({ error: [], result });
    expect((await kraken.info('keyAlice')).json).toMatchObject({ result: { validUntil: '0', lastUsed: null } });
  });

  it.each([
    ['an unknown key', 'keyNobody', {}, 'EAPI:Invalid key'],
    ['a wrong secret', 'keyAlice', { secret: Buffer.alloc(64).toString('base64') }, 'EAPI:Invalid signature'],
    ['a body without a nonce', 'keyAlice', { nonce: '', body: 'a=1' }, 'EAPI:Invalid nonce'],
    ['a key without the right to use sockets', 'keyNoSocket', {}, 'EGeneral:Permission denied'],
    ['a key with 2FA without its code', 'keyTwoFactor', {}, 'EGeneral:Permission denied'],
    ['a key of other addresses', 'keyHome', {}, 'EGeneral:Permission denied'],
  ])('refuses %s on status 200', async (_title, key, more, error) => {
    expect(await kraken.call(key, more)).toMatchObject(refused(error));
  });

  it('lets a key with 2FA in with its code', async () => {
    expect((await kraken.call('keyTwoFactor', { otp: '123456' })).json).toMatchObject({ error: [] });
  });

  it('refuses a key once it has ended or was removed', async () => {
    clock.at = Date.UTC(2026, 11, 1);
    expect(await kraken.call('keyEnding')).toMatchObject(refused('EAPI:Invalid key'));
    kraken.simulator.setExpired('alice', true);
    expect(await kraken.call()).toMatchObject(refused('EAPI:Invalid key'));
  });

  it('knows no method but POST', async () => {
    expect(await kraken.call('keyAlice', { method: 'GET' })).toMatchObject({
      json: { error: ['EGeneral:Unknown method'] },
    });
  });

  it('takes JSON too, with a nonce of more digits than a float holds', async () => {
    const json = (nonce: string) =>
      kraken.call('keyAlice', { nonce, body: `{"nonce":${nonce}}`, contentType: 'application/json' });
    expect((await json('18000000000000000001')).json).toMatchObject({ error: [] });
    expect(await json('18000000000000000001')).toMatchObject(refused('EAPI:Invalid nonce'));
    expect((await json('18000000000000000002')).json).toMatchObject({ error: [] });
  });

  it('wants a nonce that rises for its key, but for the window of the key', async () => {
    const nonces = async (key: string, list: readonly string[]) => {
      const errors = [];
      for (const nonce of list) errors.push(JSON.stringify((await kraken.call(key, { nonce })).json).includes('nonce'));
      return errors;
    };
    expect(await nonces('keyAlice', ['5000', '5000', '4999', '5001'])).toEqual([false, true, true, false]);
    expect(await nonces('keyWindow', ['5000', '4001', '4001', '4000'])).toEqual([false, false, true, true]);
    expect(await nonces('keyBob', ['1'])).toEqual([false]);
    expect(await nonces('keyNanos', ['1795262400000000', '1795262400000000001'])).toEqual([true, false]);
  });

  it('counts to fifteen for each key, and counts down a third each second', async () => {
    for (let call = 0; call < 15; call += 1) expect((await kraken.call()).json).toMatchObject({ error: [] });
    expect(await kraken.call()).toMatchObject(refused('EAPI:Rate limit exceeded'));
    expect((await kraken.call('keyBob')).json).toMatchObject({ error: [] });
    clock.at += 3_031;
    expect((await kraken.call()).json).toMatchObject({ error: [] });
    expect(await kraken.call()).toMatchObject(refused('EAPI:Rate limit exceeded'));
  });

  it('locks a key out for a quarter of an hour after five bad signatures', async () => {
    const wrong = { secret: Buffer.alloc(64).toString('base64') };
    for (let call = 0; call < 5; call += 1) {
      expect(await kraken.call('keyAlice', wrong)).toMatchObject(refused('EAPI:Invalid signature'));
    }
    expect(await kraken.call()).toMatchObject(refused('EGeneral:Temporary lockout'));
    clock.at += 15 * 60_000;
    expect((await kraken.call()).json).toMatchObject({ error: [] });
  });

  it.each<[FaultInput, object]>([
    [
      { name: 'refused', error: 'EService:Busy' },
      { status: 200, json: { error: ['EService:Busy'] } },
    ],
    [
      { name: 'server-error', status: 503 },
      { status: 503, json: { error: ['EService:Unavailable'] } },
    ],
    [
      { name: 'server-error', status: 520, page: 'html' },
      { status: 520, json: undefined },
    ],
    [{ name: 'rate-limited' }, { status: 200, json: { error: ['EAPI:Rate limit exceeded'] } }],
    [{ name: 'broken-json' }, { status: 200, json: undefined }],
    [{ name: 'empty' }, { status: 200, text: '' }],
  ])('%j strikes it as any other exchange, and never as a write', async (fault, reply) => {
    kraken.simulator.faults.add(fault);
    expect(await kraken.call()).toMatchObject(reply);
    expect(kraken.simulator.requests).toMatchObject([{ kind: 'read', account: 'alice', fault: fault.name }]);
    expect(kraken.simulator.writesReceived()).toBe(0);
  });

  it('is throttled until a time that it names', async () => {
    kraken.simulator.faults.add({ name: 'rate-limited', retryAfterSeconds: 7 });
    expect(await kraken.call()).toMatchObject(refused(`EService: Throttled: ${clock.at / 1000 + 7}`));
  });
});

describe("Kraken's public socket", () => {
  it('says its status by itself, with the number of the connection', async () => {
    const socket = await kraken.connect('public');
    const said = await socket.until(({ channel }) => channel === 'status');
    expect(said).toMatchObject({ type: 'update', data: [{ system: 'online', api_version: 'v2' }] });
    expect(socket.texts[0]).toMatch(/"connection_id":\d{20}/);
  });

  it('lists 350 contracts in one frame', async () => {
    const socket = await kraken.connect('public');
    socket.send(subscribe('', 'instrument'));
    const { data } = await socket.until(({ channel }) => channel === 'instrument');
    expect(data).toMatchObject({ pairs: { length: 350 } });
    expect(data).toMatchObject({
      pairs: expect.arrayContaining([expect.objectContaining({ symbol: 'PF_XBTUSD', status: 'online', base: 'BTC' })]),
    });
    expect(JSON.stringify(data)).not.toContain('margin_levels');
  });

  it('has the margin schedule among the contracts when that is turned on', async () => {
    kraken.simulator.switches.marginScheduleInInstrument = true;
    const socket = await kraken.connect('public');
    socket.send(subscribe('', 'instrument'));
    const { data } = await socket.until(({ channel }) => channel === 'instrument');
    expect(data).toMatchObject({
      pairs: expect.arrayContaining([
        expect.objectContaining({ symbol: 'PF_XBTUSD', margin_levels: expect.arrayContaining([]) }),
      ]),
    });
  });

  it('answers once for each market of a ticker', async () => {
    const socket = await kraken.connect('public');
    socket.send(subscribe('', 'ticker', { symbol: ['PF_XBTUSD', 'PF_NOSUCH'] }));
    const result = { channel: 'ticker', symbol: 'PF_XBTUSD', snapshot: true };
    expect(await socket.until(({ success }) => success === true)).toMatchObject({ req_id: 3, result });
    const error = 'Currency pair not supported PF_NOSUCH';
    expect(await socket.until(({ success }) => success === false)).toMatchObject({ req_id: 3, error });
    const { data } = await socket.until(({ channel }) => channel === 'ticker');
    expect(data).toMatchObject([{ symbol: 'PF_XBTUSD', mark_price: 60_000 }]);
  });

  it('tells of a price and of a margin schedule that moved', async () => {
    kraken.simulator.switches.marginScheduleInInstrument = true;
    const socket = await kraken.connect('public');
    socket.send(subscribe('', 'instrument'));
    await socket.ask(subscribe('', 'ticker', { symbol: ['PF_XBTUSD'] }, 4));
    kraken.simulator.setPrice('PF_XBTUSD', 61_000);
    const ticker = await socket.until(({ channel, type }) => channel === 'ticker' && type === 'update');
    expect(ticker).toMatchObject({ data: [{ symbol: 'PF_XBTUSD', mark_price: 61_000 }] });
    kraken.simulator.setBounds('PF_SOLUSD', { max: '30' });
    const isLast = (text: string) => text.includes('"update"') && text.includes('PF_SOLUSD');
    const update: unknown = JSON.parse(await socket.untilText(isLast));
    expect(update).toMatchObject({ channel: 'instrument', data: { assets: [], pairs: { length: 1 } } });
    expect(JSON.stringify(update)).toContain('"num_non_contract_units":0,"initial_margin":0.0333333333,');
  });

  it('has nothing private', async () => {
    const [socket, token] = [await kraken.connect('public'), await kraken.token()];
    const error = 'Private data and trading are unavailable on this endpoint.';
    expect(await socket.ask(subscribe(token, 'preferences'))).toMatchObject({ success: false, error });
    expect(await socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: 5 }))).toMatchObject({ error });
    expect(kraken.simulator.writeCount()).toBe(0);
  });
});

describe("Kraken's private socket", () => {
  it('answers a ping, and repeats a req_id only if it is an integer', async () => {
    const socket = await kraken.connect();
    const times = { time_in: '2026-11-21T12:00:00.000000Z', time_out: '2026-11-21T12:00:00.000050Z' };
    const pong = { method: 'pong', success: true, ...times };
    expect(await socket.ask({ method: 'ping', req_id: 7 })).toEqual({ ...pong, req_id: 7 });
    socket.send({ method: 'ping', req_id: 'seven' });
    expect(await socket.until((said) => said.method === 'pong' && !('req_id' in said))).toEqual(pong);
    kraken.simulator.switches.answersPing = false;
    expect(await socket.ask({ method: 'ping', req_id: 8 })).toMatchObject({ method: 'ping', success: false });
  });

  it('says its status, unless that is turned off', async () => {
    const socket = await kraken.connect();
    await socket.until(({ channel }) => channel === 'status');
    kraken.simulator.switches.statusOnPrivate = false;
    const silent = await kraken.connect();
    await silent.ask({ method: 'ping', req_id: 1 });
    expect(silent.texts).toHaveLength(1);
  });

  it('shows the permission to trade futures and no leverage', async () => {
    const { socket } = await kraken.session();
    const said = await socket.until(({ channel }) => channel === 'preferences');
    expect(said).toEqual({ channel: 'preferences', type: 'snapshot', data: { futures_permission: 'enabled' } });
    kraken.simulator.setFutures('alice', 'reduce_only');
    const update = await socket.until(({ type }) => type === 'update');
    expect(update).toMatchObject({ channel: 'status' });
    const changed = await socket.until(({ channel, type }) => channel === 'preferences' && type === 'update');
    expect(changed).toMatchObject({ data: { futures_permission: 'reduce_only' } });
  });

  it('says that preferences are not available yet as often as it is told to', async () => {
    kraken.simulator.switches.preferencesNotYet = 1;
    const [socket, token] = [await kraken.connect(), await kraken.token()];
    const error = 'Preferences are not available yet, try again later';
    expect(await socket.ask(subscribe(token, 'preferences'))).toMatchObject({ success: false, error });
    expect(await socket.ask(subscribe(token, 'preferences', {}, 4))).toMatchObject({ success: true });
  });

  it('shows positions without margin, shorts below zero, and orders', async () => {
    const { socket, token } = await kraken.session();
    expect(await socket.ask(subscribe(token, 'positions'))).toMatchObject({
      ...{ success: true, result: { channel: 'positions', asset_class: 'derivatives' } },
    });
    const { data } = await socket.until(({ channel }) => channel === 'positions');
    expect(data).toEqual({
      futures: [{ symbol: 'PF_XBTUSD', size: 0.1, entry_price: 60_000 }],
      options: [],
      time: '2026-11-21T12:00:00.000000Z',
    });
    socket.send(subscribe(token, 'executions', { snap_orders: true, snap_trades: false }, 4));
    const orders = await socket.until(({ channel }) => channel === 'executions');
    expect(orders).toMatchObject({ type: 'snapshot', data: [{ symbol: 'PF_XBTUSD', side: 'buy', order_qty: 0.05 }] });
    const bob = await kraken.session('keyBob');
    bob.socket.send(subscribe(bob.token, 'positions'));
    const short = await bob.socket.until(({ channel }) => channel === 'positions');
    expect(short).toMatchObject({ data: { futures: [{ symbol: 'PF_ETHUSD', size: -600 }] } });
  });

  it('tells of a position that was opened and of one that was closed', async () => {
    const { socket, token } = await kraken.session();
    await socket.ask(subscribe(token, 'positions'));
    kraken.simulator.openPosition('alice', 'PF_SOLUSD');
    const update = await socket.until(({ channel, type }) => channel === 'positions' && type === 'update');
    const futures = [
      { symbol: 'PF_XBTUSD', size: 0 },
      { symbol: 'PF_SOLUSD', size: 0.01 },
    ];
    expect(update).toMatchObject({ data: { futures } });
  });

  it('tells of an order that was placed and of one that was cancelled', async () => {
    const { socket, token } = await kraken.session();
    await socket.ask(subscribe(token, 'executions'));
    kraken.simulator.openOrder('alice', 'PF_SOLUSD');
    const update = await socket.until(({ channel, type }) => channel === 'executions' && type === 'update');
    const data = [
      { symbol: 'PF_XBTUSD', order_status: 'canceled' },
      { symbol: 'PF_SOLUSD', order_status: 'new' },
    ];
    expect(update).toMatchObject({ data });
  });

  it('holds one subscription of positions and one of margin', async () => {
    const { socket, token } = await kraken.session();
    for (const channel of ['positions', 'margin']) {
      const error = `Already subscribed to ${channel} channel`;
      expect(await socket.ask(subscribe(token, channel, {}, 10 + channel.length))).toMatchObject({ success: true });
      expect(await socket.ask(subscribe(token, channel, {}, 20 + channel.length))).toMatchObject({ error });
    }
  });

  it('refuses a snapshot of margin, and margin together with a snapshot of positions', async () => {
    const { socket, token } = await kraken.session();
    const error = "'params.snapshot' is not valid for the margin channel";
    expect(await socket.ask(subscribe(token, 'margin', { snapshot: true }))).toMatchObject({ error });
    const both = subscribe(token, 'positions', { snapshot: true, with_margin: true }, 4);
    expect(await socket.ask(both)).toMatchObject({ success: false });
  });

  it('says when a snapshot of positions is too large, which is not the same as none', async () => {
    kraken.simulator.switches.snapshotsTooLarge = 1;
    const { socket, token } = await kraken.session();
    socket.send(subscribe(token, 'positions'));
    const said = await socket.until(({ channel }) => channel === 'positions');
    expect(said).toEqual({
      ...{ channel: 'positions', type: 'snapshot', error: 'snapshot_too_large', data: { futures: [], options: [] } },
    });
    await socket.ask({ method: 'unsubscribe', req_id: 8, params: { channel: 'positions', token } });
    socket.send(subscribe(token, 'positions', {}, 9));
    await socket.until(({ channel, error }) => channel === 'positions' && error === undefined);
  });
});

describe('a token', () => {
  let asked = 100;
  const setTo = (token: unknown) => {
    asked += 1;
    return set(token, { symbol: 'PF_ETHUSD', max_leverage: 4 }, asked);
  };

  it('is over after fifteen minutes, unless a subscription made with it lives', async () => {
    const { socket, token } = await kraken.session();
    const idle = await kraken.token();
    clock.at += 900_000;
    expect(await socket.ask(setTo(idle))).toMatchObject({ success: false, error: 'ESession:Invalid session' });
    expect(await socket.ask(setTo(token))).toMatchObject({ success: true });
    await socket.ask({ method: 'unsubscribe', req_id: 8, params: { channel: 'preferences', token } });
    expect(await socket.ask(setTo(token))).toMatchObject({ error: 'ESession:Invalid session' });
    expect(kraken.simulator.writeCount()).toBe(1);
  });

  it('is over when the connection is gone that held it', async () => {
    const { socket, token } = await kraken.session();
    clock.at += 900_000;
    socket.socket.close();
    await expect.poll(() => kraken.simulator.openConnections()).toBe(0);
    const other = await kraken.connect();
    expect(await other.ask(setTo(token))).toMatchObject({ error: 'ESession:Invalid session' });
  });

  it('is not held by a subscription that came too late', async () => {
    const [socket, token] = [await kraken.connect(), await kraken.token()];
    kraken.simulator.faults.add({ name: 'delay', ms: 50, path: 'channel=preferences' });
    socket.send(subscribe(token, 'preferences'));
    await expect.poll(() => kraken.simulator.faults.active()).toEqual([]);
    socket.socket.terminate();
    await expect.poll(() => kraken.simulator.openConnections()).toBe(0);
    const other = await kraken.connect();
    await other.ask({ method: 'ping', req_id: 1 });
    kraken.simulator.faults.add({ name: 'delay', ms: 60 });
    await other.ask({ method: 'ping', req_id: 2 });
    clock.at += 900_000;
    expect(await other.ask(setTo(token))).toMatchObject({ error: 'ESession:Invalid session' });
  });

  it('is unknown once its key was removed or it was revoked, and the socket stays open', async () => {
    const { socket, token } = await kraken.session();
    kraken.simulator.revokeTokens('alice');
    expect(await socket.ask(setTo(token))).toMatchObject({ success: false, error: 'EAPI:Invalid token' });
    const fresh = await kraken.token();
    kraken.simulator.setExpired('alice', true);
    expect(await socket.ask(setTo(fresh))).toMatchObject({ error: 'EAPI:Invalid token' });
    expect(await socket.ask(setTo('made up'))).toMatchObject({ error: 'EAPI:Invalid token' });
    expect(await socket.ask(setTo(undefined))).toMatchObject({ error: "'params.token' is required" });
    expect([socket.socket.readyState, kraken.simulator.writeCount()]).toEqual([1, 0]);
  });

  it('acts for its own account, whatever connection it comes over', async () => {
    const { socket } = await kraken.session('keyAlice');
    expect(await socket.ask(setTo(await kraken.token('keyBob')))).toMatchObject({ success: true });
    expect(kraken.simulator.writes).toMatchObject([{ account: 'bob', market: 'PF_ETHUSD' }]);
    kraken.simulator.switches.oneAccountPerSocket = true;
    expect(await socket.ask(setTo(await kraken.token('keyBob')))).toMatchObject({ error: 'EAPI:Invalid token' });
    expect(await socket.ask(setTo(await kraken.token('keyAlice')))).toMatchObject({ success: true });
  });

  it('can do what its key may', async () => {
    const { socket, token } = await kraken.session('keyReader');
    expect(await socket.ask(setTo(token))).toMatchObject({ success: false, error: 'EGeneral:Permission denied' });
    kraken.simulator.switches.demands.set_preference = [];
    expect(await socket.ask(setTo(token))).toMatchObject({ success: true });
  });
});

describe('set_preference', () => {
  it('sets fixed leverage with a number, answers without an echo, and counts one frame and one write', async () => {
    const { socket, token } = await kraken.session();
    const reply = await socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: 5.25 }));
    expect(reply).toEqual({
      ...{ method: 'set_preference', success: true, req_id: 2, result: { asset_class: 'derivatives' } },
      ...{ time_in: '2026-11-21T12:00:00.000000Z', time_out: '2026-11-21T12:00:00.000050Z' },
    });
    const written = { at: clock.at, account: 'alice', market: 'PF_XBTUSD', mode: 'isolated', leverage: '5.25' };
    expect(kraken.simulator.writes).toEqual([{ ...written, currency: undefined }]);
    expect([kraken.simulator.writesReceived('alice'), kraken.simulator.writesReceived()]).toEqual([1, 1]);
  });

  it('goes back to cross margin with an explicit null only', async () => {
    const { socket, token } = await kraken.session();
    const error = "'params.leverage_mode.max_leverage' is required";
    expect(await socket.ask(set(token, { symbol: 'PF_XBTUSD' }))).toMatchObject({ success: false, error });
    expect(await socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: null }, 3))).toMatchObject({
      success: true,
    });
    expect(kraken.simulator.writes).toMatchObject([{ mode: 'cross', leverage: undefined }]);
    expect(kraken.simulator.settings('alice')).toEqual([{ market: 'PF_SOLUSD', mode: 'isolated', leverage: '2.5' }]);
  });

  const range = 'Leverage is outside the permitted range for this market';
  it.each([
    [
      'a quoted number',
      { symbol: 'PF_XBTUSD', max_leverage: '5' },
      expect.stringContaining('must be a number or null'),
    ],
    ['a truth value', { symbol: 'PF_XBTUSD', max_leverage: true }, expect.stringContaining('must be a number or null')],
    ['less than 1', { symbol: 'PF_XBTUSD', max_leverage: 0.5 }, range],
    ['less than nothing', { symbol: 'PF_XBTUSD', max_leverage: -5 }, range],
    ['more than can be counted', { symbol: 'PF_XBTUSD', max_leverage: 1e300 }, range],
    ['three decimals', { symbol: 'PF_XBTUSD', max_leverage: 2.555 }, range],
    ['too much', { symbol: 'PF_XBTUSD', max_leverage: 50.01 }, "Leverage exceeds the market's margin schedule"],
    ['an unknown market', { symbol: 'BTC/USD', max_leverage: 5 }, "Unknown 'params.leverage_mode.symbol'"],
    ['no market', { max_leverage: 5 }, "Unknown 'params.leverage_mode.symbol'"],
    ['a closed market', { symbol: 'PF_DEFIUSD', max_leverage: 5 }, 'Leverage change rejected'],
    ['an inverse contract', { symbol: 'PI_XBTUSD', max_leverage: 5 }, 'Leverage change rejected'],
    ['too little margin', { symbol: 'PF_ADAUSD', max_leverage: 1.5 }, 'Insufficient margin for the requested leverage'],
    ['liquidation', { symbol: 'PF_XBTUSD', max_leverage: 1 }, 'Leverage change would cause liquidation'],
    ['no object', 5, "'params.leverage_mode' is required"],
  ])('refuses %s', async (_title, mode, error) => {
    const { socket, token } = await kraken.session();
    expect(await socket.ask(set(token, mode))).toMatchObject({ method: 'set_preference', success: false, error });
    expect([kraken.simulator.writesReceived(), kraken.simulator.writeCount()]).toEqual([1, 0]);
  });

  it('reads numbers by their text, not as floats', async () => {
    const { socket, token } = await kraken.session();
    const text = JSON.stringify(set(token, { symbol: 'PF_XBTUSD', max_leverage: 5 }));
    socket.send(text.replace('"max_leverage":5', '"max_leverage":5.0000000000000000001'));
    expect(await socket.until(({ req_id }) => req_id === 2)).toMatchObject({ success: false, error: range });
  });

  it('allows less leverage to a large position, and is for derivatives only', async () => {
    const { socket, token } = await kraken.session('keyBob');
    const error = "Leverage exceeds the market's margin schedule";
    expect(await socket.ask(set(token, { symbol: 'PF_ETHUSD', max_leverage: 25.01 }))).toMatchObject({ error });
    expect(await socket.ask(set(token, { symbol: 'PF_ETHUSD', max_leverage: 25 }, 3))).toMatchObject({ success: true });
    const spot = { method: 'set_preference', req_id: 4, params: { asset_class: 'spot', token } };
    expect(await socket.ask(spot)).toMatchObject({ error: "'params.asset_class' must be derivatives" });
  });

  it('follows a lowered maximum', async () => {
    const { socket, token } = await kraken.session();
    kraken.simulator.setBounds('PF_SOLUSD', { max: '30' });
    expect(await socket.ask(set(token, { symbol: 'PF_SOLUSD', max_leverage: 30.01 }))).toMatchObject({
      success: false,
    });
    expect(await socket.ask(set(token, { symbol: 'PF_SOLUSD', max_leverage: 30 }, 3))).toMatchObject({ success: true });
  });

  it.each([
    ['equal', 5, { leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: 5 } }],
    ['equal', null, { leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: null } }],
    ['unequal', 5, { leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: 6 } }],
  ] as const)('echoes what is %s to %s when that is turned on', async (echo, leverage, result) => {
    kraken.simulator.switches.echo = echo;
    const { socket, token } = await kraken.session();
    const reply = await socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: leverage }));
    expect(reply).toMatchObject({ success: true, result });
  });

  it('is told in preferences and positions to every connection of the account, before the answer, when turned on', async () => {
    Object.assign(kraken.simulator.switches, { preferencesTellLeverage: true, positionsTellLeverage: true });
    const { socket, token } = await kraken.session();
    const listed = [
      { symbol: 'PF_XBTUSD', max_leverage: 3 },
      { symbol: 'PF_SOLUSD', max_leverage: 2.5 },
    ];
    expect(await socket.until(({ channel }) => channel === 'preferences')).toMatchObject({
      data: { leverage_mode: listed },
    });
    const other = await kraken.session();
    await other.socket.ask(subscribe(other.token, 'positions', { with_margin: true }));
    const before = await other.socket.until(({ channel }) => channel === 'positions');
    expect(before).toMatchObject({ data: { futures: [{ symbol: 'PF_XBTUSD', max_fixed_leverage: 3 }] } });
    await socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: 5 }, 9));
    const [update, reply] = socket.said().slice(-2);
    expect(update).toMatchObject({ data: { leverage_mode: [{ symbol: 'PF_XBTUSD', max_leverage: 5 }] } });
    expect(reply).toMatchObject({ req_id: 9, success: true });
    const row = { symbol: 'PF_XBTUSD', max_fixed_leverage: 5 };
    const after = await other.socket.until(({ channel, type }) => channel === 'positions' && type === 'update');
    expect(after).toMatchObject({ data: { futures: [row] } });
  });

  it('is told after the answer when that is turned on', async () => {
    Object.assign(kraken.simulator.switches, { preferencesTellLeverage: true, tellsAfterAnswers: true });
    const { socket, token } = await kraken.session();
    await socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: 5 }, 9));
    await socket.until(({ channel, type }) => channel === 'preferences' && type === 'update');
    expect(socket.said().slice(-2)).toMatchObject([{ req_id: 9, success: true }, { channel: 'preferences' }]);
  });

  it('works for an account that may not trade futures, unless that is turned off', async () => {
    const { socket, token } = await kraken.session();
    kraken.simulator.setFutures('alice', 'disabled');
    const mode = { symbol: 'PF_XBTUSD', max_leverage: 5 };
    expect(await socket.ask(set(token, mode))).toMatchObject({ success: true });
    kraken.simulator.switches.rejectsWhenDisabled = true;
    expect(await socket.ask(set(token, mode, 3))).toMatchObject({ error: 'Leverage change rejected' });
  });

  it('allows other steps, and rejects what would change nothing, when that is turned on', async () => {
    Object.assign(kraken.simulator.switches, { leverageStep: '0.5', rejectsSameValue: true });
    const { socket, token } = await kraken.session();
    const asked = (leverage: number | null, id: number) =>
      socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: leverage }, id));
    expect(await asked(2.25, 2)).toMatchObject({ success: false, error: range });
    expect(await asked(3, 3)).toMatchObject({ success: false, error: 'Leverage change rejected' });
    expect(await asked(null, 4)).toMatchObject({ success: true });
    expect(await asked(null, 5)).toMatchObject({ success: false, error: 'Leverage change rejected' });
    expect(kraken.simulator.writeCount()).toBe(1);
  });

  it('shows no figures of risk in positions with margin when that is turned off', async () => {
    kraken.simulator.switches.positionsTellRisk = false;
    const { socket, token } = await kraken.session();
    socket.send(subscribe(token, 'positions', { with_margin: true }));
    const { data } = await socket.until(({ channel }) => channel === 'positions');
    expect(data).toMatchObject({ futures: [{ symbol: 'PF_XBTUSD', size: 0.1, entry_price: 60_000 }] });
    expect(JSON.stringify(data)).not.toMatch(/margin|price.*price|leverage/);
  });

  it('shows no leverage in positions with margin unless that is turned on', async () => {
    const { socket, token } = await kraken.session();
    socket.send(subscribe(token, 'positions', { with_margin: true }));
    const { data } = await socket.until(({ channel }) => channel === 'positions');
    expect(data).toMatchObject({
      futures: [{ symbol: 'PF_XBTUSD', mark_price: 60_000, liquidation_threshold: 40_600 }],
    });
    expect(JSON.stringify(data)).not.toContain('max_fixed_leverage');
  });
});

describe('connections', () => {
  it('get heartbeats only after a subscription', async () => {
    const quick = await open({ paces: { heartbeatMs: 10 } });
    const lonely = await quick.connect('public');
    const { socket } = await quick.session();
    await socket.until(({ channel }) => channel === 'heartbeat');
    await lonely.ask({ method: 'ping', req_id: 1 });
    expect(lonely.said().map(({ channel }) => channel)).not.toContain('heartbeat');
    await quick.close();
  });

  it('are closed when the client says nothing, although heartbeats flow, and live on by pings', async () => {
    const quick = await open({ paces: { heartbeatMs: 50, idleMs: 1_000 } });
    const { socket } = await quick.session();
    const pinged = await quick.connect('public');
    const pings = setInterval(() => pinged.send({ method: 'ping', req_id: 1 }), 50);
    expect(await socket.closed).toBe(1000);
    expect(pinged.socket.readyState).toBe(1);
    clearInterval(pings);
    await quick.close();
  });

  it('are closed on the private address when they hold no subscription', async () => {
    const quick = await open({ paces: { unsubscribedMs: 1_000 } });
    const [{ socket }, watching] = [await quick.session(), await quick.connect('public')];
    const lonely = await quick.connect();
    expect(await lonely.closed).toBe(1000);
    expect([socket.socket.readyState, watching.socket.readyState]).toEqual([1, 1]);
    await quick.close();
  });

  it('are refused with 429 for ten minutes after 150 attempts in ten minutes', async () => {
    for (let attempt = 0; attempt < 150; attempt += 1) {
      const socket = await kraken.connect(attempt % 2 === 0 ? 'public' : 'private');
      socket.socket.terminate();
    }
    await expect(kraken.connect()).rejects.toThrow('429');
    expect((await kraken.call()).json).toMatchObject({ error: [] });
    kraken.simulator.switches.banCoversRest = true;
    expect(await kraken.call()).toMatchObject({ status: 429, json: undefined });
    clock.at += 599_999;
    await expect(kraken.connect()).rejects.toThrow('429');
    clock.at += 1;
    await kraken.connect();
    expect(kraken.simulator.connectAttempts()).toBe(153);
  });

  it('are not counted without limits', async () => {
    const free = await open({ limits: 'none' });
    for (let attempt = 0; attempt < 160; attempt += 1) (await free.connect('public')).socket.terminate();
    await free.close();
  });

  it('are told of maintenance and closed, and may see it again until it is over', async () => {
    const { socket, token } = await kraken.session();
    kraken.simulator.setStatus({ system: 'maintenance' });
    await socket.until(({ data }) => JSON.stringify(data)?.includes('maintenance') === true);
    expect(await socket.closed).toBe(1012);
    const again = await kraken.connect();
    expect(await again.closed).toBe(1012);
    expect(again.said()).toMatchObject([{ channel: 'status', data: [{ system: 'maintenance' }] }]);
    expect(await kraken.call()).toMatchObject(refused('EService:Unavailable'));
    kraken.simulator.setStatus({ system: 'online' });
    const back = await kraken.connect();
    expect(await back.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: 5 }))).toMatchObject({ success: true });
  });

  it('are told of maintenance that comes', async () => {
    const socket = await kraken.connect();
    const upcoming = [{ proximity: 'imminent_5m', services: ['futures_trading'], advice: 'stop_new_orders' }];
    kraken.simulator.setStatus({ upcoming });
    const said = await socket.until(({ data }) => JSON.stringify(data)?.includes('upcoming_maintenance') === true);
    expect(said).toMatchObject({ data: [{ system: 'online', upcoming_maintenance: upcoming, emergency: [] }] });
  });

  it('are refused elsewhere with 404', async () => {
    const url = kraken.url.replace('http', 'ws').replace('/kraken-api', '/kraken-uws/v2/elsewhere');
    await expect(connectRaw(url)).rejects.toThrow('404');
  });

  it('end with the server, which other servers do not notice', async () => {
    const other = await open();
    const [here, there] = [await kraken.session(), await other.session()];
    await other.close();
    expect(await there.socket.closed).toBe(1006);
    expect(await here.socket.ask({ method: 'ping', req_id: 5 })).toMatchObject({ method: 'pong' });
  });
});

describe('faults', () => {
  const arm = (fault: FaultInput) => void kraken.simulator.faults.add(fault);
  const five = (token: string) => set(token, { symbol: 'PF_XBTUSD', max_leverage: 5 });
  const counts = () => [kraken.simulator.writesReceived(), kraken.simulator.writeCount()];

  it.each<[FaultInput, object]>([
    [{ name: 'refused', on: 'write', error: 'Leverage change rejected' }, { error: 'Leverage change rejected' }],
    [{ name: 'rate-limited', on: 'write' }, { error: 'EAPI:Rate limit exceeded' }],
    [{ name: 'rate-limited', on: 'write', retryAfterSeconds: 3 }, { error: 'EService: Throttled: 1795262403' }],
    [{ name: 'server-error', on: 'write' }, { error: 'EGeneral:Internal error' }],
    [{ name: 'server-error', on: 'write', status: 503 }, { error: 'EService:Unavailable' }],
    [{ name: 'stale-token', on: 'write' }, { error: 'EAPI:Invalid token' }],
  ])('%j refuses in words of Kraken and changes nothing', async (fault, reply) => {
    const { socket, token } = await kraken.session();
    arm(fault);
    expect(await socket.ask(five(token))).toMatchObject({ req_id: 2, success: false, ...reply });
    expect(counts()).toEqual([1, 0]);
  });

  it.each<[FaultInput, number, number]>([
    [{ name: 'reset', on: 'write' }, 1006, 0],
    [{ name: 'apply-then-reset', on: 'write' }, 1006, 1],
    [{ name: 'close', on: 'write' }, 1008, 0],
    [{ name: 'close', on: 'write', code: 1011, applied: true }, 1011, 1],
    [{ name: 'redirect', on: 'write', to: 'http://127.0.0.1:9/' }, 1012, 0],
    [{ name: 'maintenance', on: 'write' }, 1012, 0],
    [{ name: 'cut-body', on: 'write' }, 1006, 1],
    [{ name: 'cut-body', on: 'write', applied: false }, 1006, 0],
  ])('%j ends the connection with %i, after %i writes', async (fault, code, writes) => {
    const { socket, token } = await kraken.session();
    arm(fault);
    socket.send(five(token));
    expect(await socket.closed).toBe(code);
    expect(socket.said().filter(({ req_id }) => req_id === 2)).toEqual([]);
    expect(counts()).toEqual([1, writes]);
  });

  it.each<[FaultInput, number]>([
    [{ name: 'hang', on: 'write' }, 0],
    [{ name: 'apply-then-hang', on: 'write' }, 1],
  ])('%j never answers, after %i writes, and what comes later is answered', async (fault, writes) => {
    const { socket, token } = await kraken.session();
    arm(fault);
    socket.send(five(token));
    await socket.ask({ method: 'ping', req_id: 9 });
    expect(socket.said().filter(({ req_id }) => req_id === 2)).toEqual([]);
    expect(counts()).toEqual([1, writes]);
    expect(kraken.simulator.requests).toContainEqual(expect.objectContaining({ kind: 'write', status: 'none' }));
    kraken.simulator.releaseHangs();
    expect(await socket.closed).toBe(1006);
  });

  it('delay answers late, and lands even when the client has gone', async () => {
    const { socket, token } = await kraken.session();
    arm({ name: 'delay', ms: 1_000, on: 'write' });
    socket.send(five(token));
    await expect.poll(() => kraken.simulator.writesReceived()).toBe(1);
    expect(kraken.simulator.writeCount()).toBe(0);
    socket.socket.terminate();
    await expect.poll(() => kraken.simulator.writeCount()).toBe(1);
    expect(kraken.simulator.requests.at(-1)).toMatchObject({ kind: 'write', status: 'none', isAnswered: false });
  });

  it.each<[SpoilingFault, (text: string) => boolean]>([
    [{ name: 'broken-json' }, (text) => text.startsWith('{"method":"set_preference"') && !text.endsWith('}')],
    [{ name: 'wrong-shape' }, (text) => text === '{"ok":true}'],
    [{ name: 'empty' }, (text) => text === ''],
    [{ name: 'no-content' }, (text) => text.includes('"req_id":2') && !text.includes('success')],
    [{ name: 'huge-body', bytes: 100_000 }, (text) => text.length > 100_000 && text.includes('"success":true')],
    [{ name: 'foreign-id' }, (text) => text.includes('"req_id":1000002') && text.includes('"success":true')],
    [{ name: 'foreign-id', id: 'none' }, (text) => text.includes('set_preference') && !text.includes('req_id')],
    [{ name: 'foreign-id', id: 'text' }, (text) => text.includes('"req_id":"2"')],
    [{ name: 'slow-body', everyMs: 1 }, (text) => text.includes('"req_id":2') && text.includes('"success":true')],
    [{ name: 'slow-headers', everyMs: 1, ms: 5 }, (text) => text.includes('"req_id":2')],
  ])('%j spoils an answer, applied or not', async (fault, isIt) => {
    const { socket, token } = await kraken.session();
    arm({ ...fault, on: 'write' });
    socket.send(five(token));
    await socket.untilText(isIt);
    expect(counts()).toEqual([1, 1]);
    const second = await kraken.session();
    arm({ ...fault, on: 'write', applied: false });
    second.socket.send(five(second.token));
    await second.socket.untilText(isIt);
    expect(counts()).toEqual([2, 1]);
  });

  it('a frame that comes after a close is counted and does nothing', async () => {
    const { socket, token } = await kraken.session();
    arm({ name: 'close', path: 'method=ping' });
    socket.send({ method: 'ping', req_id: 4 });
    socket.send(five(token));
    expect(await socket.closed).toBe(1008);
    expect(counts()).toEqual([1, 0]);
  });

  it('nothing gets into the middle of an answer in fragments', async () => {
    const quick = await open({ paces: { heartbeatMs: 5 } });
    const { socket, token } = await quick.session();
    quick.simulator.faults.add({ name: 'slow-body', everyMs: 10, on: 'write' });
    expect(await socket.ask(five(token))).toMatchObject({ success: true });
    expect(socket.said()).toHaveLength(socket.texts.length);
    await socket.until(({ channel }) => channel === 'heartbeat');
    await quick.close();
  });

  it('heartbeats come before every answer when that is turned on', async () => {
    kraken.simulator.switches.heartbeatBeforeAnswers = true;
    const { socket, token } = await kraken.session();
    await socket.ask(five(token));
    expect(socket.said().slice(-2)).toMatchObject([{ channel: 'heartbeat' }, { req_id: 2, success: true }]);
  });

  it('an HTML page is a frame that is no JSON', async () => {
    const { socket, token } = await kraken.session();
    arm({ name: 'server-error', page: 'html', on: 'write' });
    socket.send(five(token));
    await socket.untilText((text) => text.startsWith('<!doctype html>'));
    expect(counts()).toEqual([1, 0]);
  });

  it('doubled answers one write twice', async () => {
    const { socket, token } = await kraken.session();
    arm({ name: 'doubled', on: 'write' });
    socket.send(five(token));
    await expect.poll(() => socket.said().filter(({ req_id }) => req_id === 2)).toHaveLength(2);
    expect(counts()).toEqual([1, 1]);
  });

  it('no-effect says success and changes nothing', async () => {
    const { socket, token } = await kraken.session();
    arm({ name: 'no-effect' });
    expect(await socket.ask(five(token))).toMatchObject({ success: true });
    expect(counts()).toEqual([1, 0]);
    expect(kraken.simulator.settings('alice')).toContainEqual(expect.objectContaining({ leverage: '3' }));
  });

  it('a read-back can show the old value, in the snapshot as in what is told of it', async () => {
    kraken.simulator.switches.preferencesTellLeverage = true;
    const { socket, token } = await kraken.session();
    arm({ name: 'lagging-read-back', ms: 1_000 });
    await socket.ask(five(token));
    const told = () => socket.said().filter(({ channel, type }) => channel === 'preferences' && type === 'update');
    expect(told()).toEqual([]);
    const reading = await kraken.session();
    const shown = await reading.socket.until(({ channel }) => channel === 'preferences');
    expect(shown).toMatchObject({ data: { leverage_mode: [{ max_leverage: 3 }, {}] } });
    clock.at += 1_000;
    const later = await kraken.session();
    const settled = await later.socket.until(({ channel }) => channel === 'preferences');
    expect(settled).toMatchObject({ data: { leverage_mode: [{ max_leverage: 5 }, {}] } });
  });

  it.each<[CallFault, string]>([
    [{ name: 'rate-limited', retryAfterSeconds: 5 }, '429'],
    [{ name: 'server-error', status: 503 }, '503'],
    [{ name: 'refused' }, '403'],
    [{ name: 'broken-json' }, '200'],
    [{ name: 'redirect', to: 'http://127.0.0.1:9/' }, '307'],
    [{ name: 'reset' }, 'hang up'],
  ])('%j refuses an upgrade', async (fault, words) => {
    arm({ ...fault, on: 'read', path: 'upgrade' });
    await expect(kraken.connect()).rejects.toThrow(words);
    await kraken.connect();
  });

  it('an upgrade that hangs is broken off when the server closes', async () => {
    const other = await open();
    other.simulator.faults.add({ name: 'hang', path: 'upgrade' });
    const hanging = expect(other.connect()).rejects.toThrow('hang up');
    await expect.poll(() => other.simulator.requests.length).toBe(1);
    await other.close();
    await hanging;
  });

  it('can strike one kind of frame only, and frames alone where there is nothing like it elsewhere', async () => {
    arm({ name: 'close', on: 'read' });
    arm({ name: 'refused', error: 'EService:Busy', path: 'channel=positions' });
    const token = await kraken.token();
    expect(token).not.toBe('');
    const socket = await kraken.connect();
    socket.send({ method: 'ping', req_id: 1 });
    expect(await socket.closed).toBe(1008);
    const { socket: next } = await kraken.session();
    expect(await next.ask(subscribe(token, 'positions'))).toMatchObject({ error: 'EService:Busy' });
  });
});

it('logs what came, with neither keys nor tokens', async () => {
  const { socket, token } = await kraken.session();
  await socket.ask(set(token, { symbol: 'PF_XBTUSD', max_leverage: null }));
  const shown = kraken.simulator.requests.map(({ method, url, kind, status }) => `${kind} ${method} ${url} ${status}`);
  expect(shown).toEqual([
    'read GET /kraken-uws/v2/private 101',
    'read POST /0/private/GetWebSocketsToken 200',
    'read WS /kraken-uws/v2/private?method=subscribe&channel=preferences 200',
    'write WS /kraken-uws/v2/private?method=set_preference&symbol=PF_XBTUSD&max_leverage=null 200',
  ]);
  expect(kraken.simulator.requests.map(({ account }) => account)).toEqual([undefined, 'alice', 'alice', 'alice']);
  expect(JSON.stringify(kraken.simulator.requests)).not.toContain(token);
});
