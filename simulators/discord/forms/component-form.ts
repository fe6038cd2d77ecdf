import { z } from 'zod';
import type { FormProblem, Path } from '../refusal.ts';

// Lengths are counted in UTF-16 units: never fewer than Discord counts, so what passes here passes there.
const componentId = z.int().min(0).optional();
const customId = z.string().min(1).max(100);
const emoji = z.object({ id: z.string().nullish(), name: z.string().nullish(), animated: z.boolean().optional() });

const button = z
  .object({
    type: z.literal(2),
    id: componentId,
    style: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
    label: z.string().max(80).optional(),
    emoji: emoji.optional(),
    custom_id: customId.optional(),
    url: z.string().max(512).optional(),
    disabled: z.boolean().optional(),
  })
  .check((ctx) => {
    for (const { path, code, message } of buttonProblems(ctx.value)) {
      ctx.issues.push({ code: 'custom', path: [...path], message, params: { discord: code }, input: ctx.value });
    }
  });

const selectOption = z.object({
  label: z.string().min(1).max(100),
  value: z.string().min(1).max(100),
  description: z.string().max(100).optional(),
  emoji: emoji.optional(),
  default: z.boolean().optional(),
});

const stringSelect = z.object({
  type: z.literal(3),
  id: componentId,
  custom_id: customId,
  options: z.array(selectOption).min(1).max(25),
  placeholder: z.string().max(150).optional(),
  min_values: z.int().min(0).max(25).optional(),
  max_values: z.int().min(1).max(25).optional(),
  required: z.boolean().optional(),
  disabled: z.boolean().optional(),
});

const entitySelect = z.object({
  type: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]),
  id: componentId,
  custom_id: customId,
  placeholder: z.string().max(150).optional(),
  min_values: z.int().min(0).max(25).optional(),
  max_values: z.int().min(1).max(25).optional(),
  required: z.boolean().optional(),
  disabled: z.boolean().optional(),
});

const row = z.object({
  type: z.literal(1),
  id: componentId,
  components: z
    .array(z.discriminatedUnion('type', [button, stringSelect, entitySelect]))
    .min(1)
    .max(5)
    .check((ctx) => {
      if (ctx.value.length < 2 || ctx.value.every((part) => part.type === 2)) return;
      const message = 'The specified component exceeds the maximum width';
      ctx.issues.push({
        code: 'custom',
        message,
        params: { discord: 'COMPONENT_LAYOUT_WIDTH_EXCEEDED' },
        input: ctx.value,
      });
    }),
});

const media = z.object({ url: z.string().min(1).max(2048) });
const text = z.object({ type: z.literal(10), id: componentId, content: z.string().min(1).max(4000) });
const thumbnail = z.object({
  type: z.literal(11),
  id: componentId,
  media,
  description: z.string().max(1024).nullish(),
  spoiler: z.boolean().optional(),
});
const section = z.object({
  type: z.literal(9),
  id: componentId,
  components: z.array(text).min(1).max(3),
  accessory: z.discriminatedUnion('type', [button, thumbnail]),
});
const gallery = z.object({
  type: z.literal(12),
  id: componentId,
  items: z
    .array(thumbnail.omit({ type: true, id: true }))
    .min(1)
    .max(10),
});
const file = z.object({ type: z.literal(13), id: componentId, file: media, spoiler: z.boolean().optional() });
const separator = z.object({
  type: z.literal(14),
  id: componentId,
  divider: z.boolean().optional(),
  spacing: z.union([z.literal(1), z.literal(2)]).optional(),
});
const container = z.object({
  type: z.literal(17),
  id: componentId,
  components: z.array(z.discriminatedUnion('type', [row, section, text, gallery, file, separator])).min(1),
  accent_color: z.int().min(0).max(0xffffff).nullish(),
  spoiler: z.boolean().optional(),
});

const topLevel = z.discriminatedUnion('type', [row, section, text, gallery, file, separator, container]);

/** At most five rows of buttons or one select each. */
export const classicComponents = z.array(z.discriminatedUnion('type', [row])).max(5);
/** What a message with the Components V2 flag (1<<15) may hold. */
export const v2Components = z.array(topLevel);

export const formParts = { componentId, customId, text, stringSelect, entitySelect };

export type Button = z.infer<typeof button>;
export type Select = z.infer<typeof stringSelect> | z.infer<typeof entitySelect>;
export type TopComponent = z.infer<typeof topLevel>;
export type Component = TopComponent | Button | Select | z.infer<typeof thumbnail>;

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
  if (!value.label && value.emoji === undefined) {
    add('label', 'BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED', 'A button must have a label or an emoji');
  }
  return problems;
}

export function isLink(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:', 'discord:'].includes(new URL(url).protocol);
}

export type Located = { readonly component: Component; readonly path: Path };

/** Every component, nested ones included, in the order in which they are drawn. */
export function flatten(components: readonly Component[], under: Path = []): Located[] {
  return components.flatMap((component, index) => flattenOne(component, [...under, index]));
}

function flattenOne(component: Component, path: Path): Located[] {
  const self = { component, path };
  switch (component.type) {
    case 1:
    case 17:
      return [self, ...flatten(component.components, [...path, 'components'])];
    case 9:
      return [
        self,
        ...flatten(component.components, [...path, 'components']),
        ...flattenOne(component.accessory, [...path, 'accessory']),
      ];
    default:
      return [self];
  }
}

export function customIdOf(component: Component): string | undefined {
  return 'custom_id' in component ? component.custom_id : undefined;
}
