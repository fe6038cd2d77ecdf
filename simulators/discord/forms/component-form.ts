import { z } from 'zod';
import type { FormProblem } from '../refusal.ts';

// Lengths are counted in UTF-16 units: never fewer than Discord counts, so what passes here passes there.
const componentId = z.int().min(0).optional();

const button = z
  .object({
    type: z.literal(2),
    id: componentId,
    style: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
    label: z.string().max(80).optional(),
    custom_id: z.string().min(1).max(100).optional(),
    url: z.string().max(512).optional(),
    disabled: z.boolean().optional(),
  })
  .check((ctx) => {
    for (const { path, code, message } of buttonProblems(ctx.value)) {
      ctx.issues.push({ code: 'custom', path: [...path], message, params: { discord: code }, input: ctx.value });
    }
  });

const row = z.object({
  type: z.literal(1),
  id: componentId,
  components: z
    .array(z.discriminatedUnion('type', [button]))
    .min(1)
    .max(5),
});

/** At most five rows of buttons: of Discord's components, all that a bot of slash commands and cards needs. */
export const rowList = z.array(z.discriminatedUnion('type', [row])).max(5);

export type Button = z.infer<typeof button>;
export type Row = z.infer<typeof row>;

function buttonProblems(value: Button): FormProblem[] {
  const problems: FormProblem[] = [];
  const add = (field: string, code: string, message: string) => problems.push({ path: [field], code, message });
  if (value.style === 5) {
    if (value.url === undefined) add('url', 'BASE_TYPE_REQUIRED', 'A url is required');
    else if (!isLink(value.url)) add('url', 'URL_TYPE_INVALID_URL', 'Not a well formed URL.');
    if (value.custom_id !== undefined) {
      add('custom_id', 'BUTTON_COMPONENT_CUSTOM_ID_INVALID', 'A custom id and url cannot both be specified');
    }
  } else {
    if (value.custom_id === undefined)
      add('custom_id', 'BUTTON_COMPONENT_CUSTOM_ID_REQUIRED', 'A custom id is required');
    if (value.url !== undefined) add('url', 'BUTTON_COMPONENT_INVALID_URL', 'A url can only be given to a link button');
  }
  if (!value.label) {
    add('label', 'BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED', 'A button must have a label or an emoji');
  }
  return problems;
}

function isLink(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:', 'discord:'].includes(new URL(url).protocol);
}

/** Every button, in the order in which they are drawn. */
export function buttonsOf(rows: readonly Row[]): readonly Button[] {
  return rows.flatMap(({ components }) => components);
}
