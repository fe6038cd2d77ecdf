/** Something that an exchange can be made to do, of its own accord or for one account; nothing strikes a call. */
export type Lever = {
  readonly id: string;
  readonly title: string;
  readonly watchFor: string;
  /** Happens once, at once; the others stay until they are turned back. */
  readonly isMoment: boolean;
};

/** The levers of an open exchange. */
export type Levers = {
  readonly isOn: (id: string, account: string) => boolean;
  /** @throws Error when there is no such lever */
  readonly turn: (id: string, account: string, isOn: boolean) => void;
};
