/** Where the venues' base URLs are below the origin that serves both. */
export function venueUrls(origin: string) {
  return { mudrex: `${origin}/mudrex/fapi/v1`, 'kraken-futures': `${origin}/kraken` } as const;
}
