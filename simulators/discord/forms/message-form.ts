import { z } from 'zod';
import { messageFlags } from '../model.ts';
import { type FormProblem, invalidForm, type Path, readForm } from '../refusal.ts';
import {
  type Component,
  classicComponents,
  customIdOf,
  flatten,
  isLink,
  type TopComponent,
  v2Components,
} from './component-form.ts';

const link = z
  .string()
  .max(2048)
  .refine(isLink, { params: { discord: 'URL_TYPE_INVALID_URL' }, message: 'Not a well formed URL.' });
const picture = z.object({ url: z.string().min(1).max(2048) });
const timestamp = z.string().refine((text) => !Number.isNaN(Date.parse(text)), {
  params: { discord: 'DATE_TIME_TYPE_PARSE' },
  message: 'Could not parse the timestamp. Should be ISO8601.',
});

const embed = z.object({
  title: z.string().max(256).nullish(),
  description: z.string().max(4096).nullish(),
  url: link.nullish(),
  timestamp: timestamp.nullish(),
  color: z.int().min(0).max(0xffffff).nullish(),
  footer: z.object({ text: z.string().min(1).max(2048), icon_url: z.string().optional() }).nullish(),
  author: z
    .object({ name: z.string().min(1).max(256), url: link.optional(), icon_url: z.string().optional() })
    .nullish(),
  image: picture.nullish(),
  thumbnail: picture.nullish(),
  fields: z
    .array(
      z.object({
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(1024),
        inline: z.boolean().optional(),
      }),
    )
    .max(25)
    .nullish(),
});

const attachment = z.object({
  id: z.union([z.string(), z.int()]).transform(String),
  filename: z.string().max(1024).optional(),
  description: z.string().max(1024).nullish(),
});

const mentions = z.object({
  parse: z.array(z.enum(['roles', 'users', 'everyone'])).optional(),
  roles: z.array(z.string()).max(100).optional(),
  users: z.array(z.string()).max(100).optional(),
  replied_user: z.boolean().optional(),
});

const shared = {
  content: z.string().trim().max(2000).nullish(),
  embeds: z.array(embed).max(10).nullish(),
  flags: z.int().min(0).nullish(),
  attachments: z.array(attachment).max(10).nullish(),
  allowed_mentions: mentions.nullish(),
  nonce: z.union([z.int(), z.string().max(25)]).nullish(),
  enforce_nonce: z.boolean().nullish(),
};
const classicMessage = z.object({ ...shared, components: classicComponents.nullish() });
const v2Message = z.object({ ...shared, components: v2Components.nullish() });
const flagsOnly = z.object({ flags: z.int().min(0).nullish() });

export type Embed = z.infer<typeof embed>;
export type MessageForm = Omit<z.infer<typeof classicMessage>, 'components'> & {
  readonly components?: readonly TopComponent[] | null | undefined;
};

/** The flags of a form whose other fields Discord ignores, such as a deferred reply. */
export function readFlags(body: unknown, under: Path): number {
  return readForm(flagsOnly, body, under).flags ?? 0;
}

/** Reads a message to create or a partial edit; `existingFlags` are those of the edited message. */
export function readMessageForm(body: unknown, under: Path = [], existingFlags = 0): MessageForm {
  const flags = readFlags(body, under) | existingFlags;
  const isV2 = (flags & messageFlags.componentsV2) !== 0;
  const form: MessageForm = isV2 ? readForm(v2Message, body, under) : readForm(classicMessage, body, under);
  const problems = [...embedSizeProblems(form.embeds ?? []), ...componentProblems(form.components ?? [])];
  if (problems.length > 0)
    throw invalidForm(problems.map((problem) => ({ ...problem, path: [...under, ...problem.path] })));
  return form;
}

/** Refuses what Components V2 does not allow beside it; checked on the message as it would become. */
export function refuseLegacyFields(
  message: { content: string; embeds: readonly Embed[]; flags: number },
  under: Path,
): void {
  if ((message.flags & messageFlags.componentsV2) === 0) return;
  const used = [...(message.content === '' ? [] : ['content']), ...(message.embeds.length === 0 ? [] : ['embeds'])];
  if (used.length === 0) return;
  throw invalidForm(
    used.map((field) => ({
      path: [...under, field],
      code: 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
      message: `The '${field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
    })),
  );
}

function embedSizeProblems(embeds: readonly Embed[]): FormProblem[] {
  const size = embeds.reduce((sum, one) => sum + embedSize(one), 0);
  if (size <= 6000) return [];
  return [{ path: ['embeds'], code: 'MAX_EMBED_SIZE_EXCEEDED', message: 'Embed size exceeds maximum size of 6000' }];
}

function embedSize({ title, description, footer, author, fields }: Embed): number {
  const texts = [
    title,
    description,
    footer?.text,
    author?.name,
    ...(fields ?? []).flatMap(({ name, value }) => [name, value]),
  ];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

function componentProblems(components: readonly TopComponent[]): FormProblem[] {
  const all = flatten(components, ['components']);
  const problems = all.filter(({ component }, index) =>
    repeats(
      component,
      all.slice(0, index).map((one) => one.component),
    ),
  );
  const found: FormProblem[] = problems.map(({ component, path }) => ({
    path: [...path, customIdOf(component) === undefined ? 'id' : 'custom_id'],
    code: 'COMPONENT_CUSTOM_ID_DUPLICATED',
    message: 'Component custom id cannot be duplicated',
  }));
  const letters = all.reduce((sum, { component }) => sum + (component.type === 10 ? component.content.length : 0), 0);
  if (all.length > 40) {
    const message = 'The total number of components exceeds the maximum of 40';
    found.push({ path: ['components'], code: 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED', message });
  }
  if (letters > 4000) {
    const message = 'The total displayable text size exceeds the maximum of 4000';
    found.push({ path: ['components'], code: 'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED', message });
  }
  return found;
}

function repeats(component: Component, earlier: readonly Component[]): boolean {
  const customId = customIdOf(component);
  if (customId !== undefined && earlier.some((other) => customIdOf(other) === customId)) return true;
  return component.id !== undefined && component.id !== 0 && earlier.some((other) => other.id === component.id);
}
