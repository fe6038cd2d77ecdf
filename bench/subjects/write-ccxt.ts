import { z } from 'zod';
import { loadCcxt, openKrakenPeer, openMudrexPeer } from '../ccxt-peers.ts';
import { readSettings } from '../processes.ts';
import { serveWriteRuns, writers } from './write-runs.ts';

// A program: ccxt's own `setLeverage`, its market lists loaded before.
const { origin } = readSettings(z.object({ origin: z.string() }));
const ccxt = await loadCcxt();
if (ccxt === undefined) throw new Error('ccxt is not installed: npm ci --prefix bench');

const mudrex = openMudrexPeer(ccxt, { url: `${origin}/mudrex`, secret: writers.mudrex.key.apiSecret ?? '' });
const { apiKey = '', apiSecret = '' } = writers['kraken-futures'].key;
const kraken = openKrakenPeer(ccxt, { url: `${origin}/kraken`, apiKey, secret: apiSecret });
await mudrex.loadMarkets();
await kraken.loadMarkets();

serveWriteRuns({
  mudrex: async (leverage) => void (await mudrex.setLeverage(leverage, 'BTC/USDT:USDT')),
  'kraken-futures': async (leverage) => void (await kraken.setLeverage(leverage, 'BTC/USD:USD')),
});
