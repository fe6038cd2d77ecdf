/** What the operator of the bot may set while the playground runs; the bot is started again with it. */
export type OperatorSettings = { readonly isHalted: boolean; readonly maxLeverage?: string | undefined };

export type Operator = ReturnType<typeof createOperator>;

export function createOperator() {
  let settings: OperatorSettings = { isHalted: false };
  return {
    settings: () => settings,
    set(next: OperatorSettings): void {
      settings = next;
    },
    /** As they stand in the bot's environment. */
    variables: (): Readonly<Record<string, string>> => ({
      ...(settings.isHalted ? { HALT: 'true' } : {}),
      ...(settings.maxLeverage === undefined ? {} : { MAX_LEVERAGE: settings.maxLeverage }),
    }),
  };
}
