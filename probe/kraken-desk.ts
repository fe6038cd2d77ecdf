import { z } from 'zod';
import type { Desk } from './desk.ts';
import { errorTexts } from './harmless.ts';
import { type Bench, different, type Finding, jsonOf, tell, told } from './question.ts';
import type { Exchange } from './recorder.ts';
import { describeShape, shapeOf } from './shape.ts';

export const derivatives = { asset_class: 'derivatives' } as const;

/** @param isOwn - Whether it must be a connection that no other question uses. */
export async function withDesk(
  { desks }: Bench,
  name: 'public' | 'private' | 'margin',
  use: (desk: Desk) => Promise<Finding>,
  isOwn = false,
): Promise<Finding> {
  const desk = await (isOwn ? desks?.open(name) : desks?.take(name));
  if (desk === undefined) return different('The connection was not made.');
  try {
    return await use(desk);
  } finally {
    if (isOwn) desk.close();
  }
}

export const isSuccess = (exchange: Exchange, bench: Bench) =>
  z.object({ success: z.literal(true) }).safeParse(jsonOf(bench, exchange)).success;

/** What a refusal says; without words, what else came. */
export function sayError(bench: Bench, reply: Exchange): string {
  return errorTexts(jsonOf(bench, reply), bench.telling).join(', ') || tell(bench, reply);
}

/** Subscribes, and shows the first frame of the channel. */
export async function readChannel(
  bench: Bench,
  desk: Desk,
  params: Readonly<Record<string, unknown>> & { readonly channel: string },
): Promise<Finding> {
  const reply = await desk.ask({ method: 'subscribe', params });
  if (!isSuccess(reply, bench)) return different(`The subscription was refused: ${sayError(bench, reply)}.`);
  const frame = await desk.hear(params.channel);
  if (frame === undefined) return different('The subscription was taken, but no frame came.');
  const fields = describeShape(shapeOf(jsonOf(bench, frame)));
  const texts = errorTexts(jsonOf(bench, frame), bench.telling);
  return { ...told(texts.length > 0 ? `A frame came, with ${texts.join(', ')}.` : 'A frame came.'), fields };
}

/** Names of fields that match, of the newest frame of a channel. */
export function fieldsLike({ fields = [] }: Finding, pattern: RegExp): readonly string[] {
  return fields.map(({ path }) => path).filter((path) => pattern.test(path));
}

export function withFields(
  finding: Finding,
  pattern: RegExp,
  { some, none }: { some: string; none: Finding },
): Finding {
  if (finding.verdict === 'different') return finding;
  const found = fieldsLike(finding, pattern);
  if (found.length === 0) return { ...finding, verdict: none.verdict, says: `${finding.says} ${none.says}` };
  return {
    ...finding,
    verdict: 'told',
    says: `${finding.says} ${some}: ${found.map((one) => `\`${one}\``).join(', ')}.`,
  };
}

export const positions = { ...derivatives, channel: 'positions' };
