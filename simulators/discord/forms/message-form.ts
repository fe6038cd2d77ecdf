import { z } from 'zod';
import { type FormProblem, invalidForm, type Path, readForm } from '../refusal.ts';
import { type Row, rowList } from './component-form.ts';

const embed = z.object({
  title: z.string().max(256).nullish(),
  description: z.string().max(4096).nullish(),
  color: z.int().min(0).max(0xffffff).nullish(),
  footer: z.object({ text: z.string().min(1).max(2048) }).nullish(),
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

const mentions = z.object({
  parse: z.array(z.enum(['roles', 'users', 'everyone'])).optional(),
  roles: z.array(z.string()).max(100).optional(),
  users: z.array(z.string()).max(100).optional(),
  replied_user: z.boolean().optional(),
});

const message = z.object({
  content: z.string().trim().max(2000).nullish(),
  embeds: z.array(embed).max(10).nullish(),
  components: rowList.nullish(),
  flags: z.int().min(0).nullish(),
  allowed_mentions: mentions.nullish(),
});
const flagsOnly = z.object({ flags: z.int().min(0).nullish() });

export type Embed = z.infer<typeof embed>;
export type MessageForm = z.infer<typeof message>;

/** The flags of a form whose other fields Discord ignores, such as a deferred reply. */
export function readFlags(body: unknown, under: Path): number {
  return readForm(flagsOnly, body, under).flags ?? 0;
}

/** Reads a message to create or a partial edit. */
export function readMessageForm(body: unknown, under: Path = []): MessageForm {
  const form = readForm(message, body, under);
  const problems = [...embedSizeProblems(form.embeds ?? []), ...repeatedIds(form.components ?? [])];
  if (problems.length > 0)
    throw invalidForm(problems.map((problem) => ({ ...problem, path: [...under, ...problem.path] })));
  return form;
}

function embedSizeProblems(embeds: readonly Embed[]): FormProblem[] {
  const size = embeds.reduce((sum, one) => sum + embedSize(one), 0);
  if (size <= 6000) return [];
  return [{ path: ['embeds'], code: 'MAX_EMBED_SIZE_EXCEEDED', message: 'Embed size exceeds maximum size of 6000' }];
}

function embedSize({ title, description, footer, fields }: Embed): number {
  const texts = [title, description, footer?.text, ...(fields ?? []).flatMap(({ name, value }) => [name, value])];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

function repeatedIds(rows: readonly Row[]): FormProblem[] {
  const seen = new Set<string>();
  const problems: FormProblem[] = [];
  for (const [outer, { components }] of rows.entries()) {
    for (const [inner, { custom_id: id }] of components.entries()) {
      if (id !== undefined && seen.has(id)) {
        const path = ['components', outer, 'components', inner, 'custom_id'];
        problems.push({
          path,
          code: 'COMPONENT_CUSTOM_ID_DUPLICATED',
          message: 'Component custom id cannot be duplicated',
        });
      }
      if (id !== undefined) seen.add(id);
    }
  }
  return problems;
}
