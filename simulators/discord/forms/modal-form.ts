import { z } from 'zod';
import { type FormProblem, invalidForm, type Path, readForm } from '../refusal.ts';
import { formParts } from './component-form.ts';

const { componentId, customId, text, stringSelect, entitySelect } = formParts;

// There is no masked style: 1 is one line, 2 a paragraph.
const inputShape = {
  type: z.literal(4),
  id: componentId,
  custom_id: customId,
  style: z.union([z.literal(1), z.literal(2)]),
  min_length: z.int().min(0).max(4000).optional(),
  max_length: z.int().min(1).max(4000).optional(),
  required: z.boolean().optional(),
  value: z.string().max(4000).optional(),
  placeholder: z.string().max(100).optional(),
};
const labelledInput = z.object(inputShape);
const rowInput = z.object({ ...inputShape, label: z.string().min(1).max(45) });

const label = z.object({
  type: z.literal(18),
  id: componentId,
  label: z.string().min(1).max(45),
  description: z.string().max(100).optional(),
  component: z.discriminatedUnion('type', [labelledInput, stringSelect, entitySelect]),
});
const inputRow = z.object({ type: z.literal(1), id: componentId, components: z.array(rowInput).length(1) });

const modal = z.object({
  custom_id: customId,
  title: z.string().min(1).max(45),
  components: z
    .array(z.discriminatedUnion('type', [label, text, inputRow]))
    .min(1)
    .max(5),
});

/** A form (modal) that a bot showed to somebody. */
export type ModalForm = z.infer<typeof modal>;
export type ModalField = {
  readonly customId: string;
  readonly component: z.infer<typeof labelledInput> | z.infer<typeof stringSelect> | z.infer<typeof entitySelect>;
};

export function readModal(body: unknown, under: Path): ModalForm {
  const form = readForm(modal, body, under);
  const seen = new Set<string>();
  const problems: FormProblem[] = [];
  for (const { customId: id } of modalFields(form)) {
    if (seen.has(id)) {
      const message = 'Component custom id cannot be duplicated';
      problems.push({ path: [...under, 'components'], code: 'COMPONENT_CUSTOM_ID_DUPLICATED', message });
    }
    seen.add(id);
  }
  if (problems.length > 0) throw invalidForm(problems);
  return form;
}

/** The fields one can fill in, in order. */
export function modalFields(form: ModalForm): readonly ModalField[] {
  return form.components.flatMap((part): ModalField[] => {
    if (part.type === 18) return [{ customId: part.component.custom_id, component: part.component }];
    if (part.type === 1) return part.components.map((component) => ({ customId: component.custom_id, component }));
    return [];
  });
}
