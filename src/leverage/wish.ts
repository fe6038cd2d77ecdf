import { z } from 'zod';
import { settingSchema } from './setting.ts';

/** What a trader asks for, before anything was read: `label` names their key, `market` is as they typed it. */
export const wishSchema = z.object({
  venue: z.string(),
  label: z.string(),
  market: z.string(),
  currency: z.string().exactOptional(),
  setting: settingSchema,
});
export type Wish = Readonly<z.infer<typeof wishSchema>>;
