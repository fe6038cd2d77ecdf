/** What a run checks. */
export const ruleNames = [
  'one-write',
  'confirmed-write',
  'own-press',
  'no-write-after-end',
  'true-outcome',
  'one-at-a-time',
  'no-late-write',
  'one-owner',
  'nothing-stuck',
  'nothing-lost',
  'result-told',
  'result-audited',
  'no-secret',
  'private-exposure',
  'clean-process',
] as const;
export type RuleName = (typeof ruleNames)[number];

export type Violation = { readonly rule: RuleName; readonly what: string };
