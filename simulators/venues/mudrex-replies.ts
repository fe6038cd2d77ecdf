import { type Answer, jsonAnswer } from './raw-replies.ts';

export const succeeded = (data: unknown, status = 200): Answer => jsonAnswer(status, { success: true, data });

/** The code mirrors the status, but for 3100. */
export const failed = (status: number, text: string, code = status): Answer =>
  jsonAnswer(status, { success: false, errors: [{ code, text }] });

/** Texts from the seed "Set leverage by asset id/symbol", the venue's other pages, and what client libraries met. */
export const refusals = {
  authentication: () => failed(401, 'Invalid Authentication', 3100),
  scope: () => failed(403, 'Insufficient scope'),
  outOfRange: () => failed(400, 'leverage out of permissible range'),
  assetId: () => failed(400, 'invalid asset id'),
  asset: () => failed(400, 'asset not found'),
  params: () => failed(400, 'Params error'),
  currency: () => failed(400, 'Invalid trade currency'),
  notSet: () => failed(404, 'leverage not found'),
  limit: () => failed(429, 'Rate limit exceeded'),
} as const;
