const text = (name: string) => ({ type: 3, name, description: name, required: true });

/** `/leverage set` as the programs beside the bot declare it. */
export const leverageCommand = {
  name: 'leverage',
  description: 'Set futures leverage',
  options: [
    { type: 1, name: 'set', description: 'Set one market', options: [text('venue'), text('market'), text('leverage')] },
  ],
};
