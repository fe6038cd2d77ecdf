import { type KrakenInstrument, krakenInstruments } from './kraken-instruments.ts';

/** As many as Kraken has, so that a list is as long as a real one. */
const COUNT = 350;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const letter = (index: number): string => letters[index % letters.length] ?? '';

/** Made-up coins, which no other market is called after. */
function coin(index: number): string {
  return `Q${letter(Math.floor(index / letters.length))}${letter(index)}Z`;
}

const [, , , like] = krakenInstruments;

const filler: readonly KrakenInstrument[] = Array.from(
  { length: COUNT - krakenInstruments.length },
  (_, index) => index,
)
  .map((index) => like && { ...like, symbol: `PF_${coin(index)}USD`, base: coin(index) })
  .filter((one) => one !== undefined);

/** The markets of the old API, and made-up ones like `PF_XRPUSD`. */
export const unifiedInstruments: readonly KrakenInstrument[] = [...krakenInstruments, ...filler];
