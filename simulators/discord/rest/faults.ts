/**
 * What happens to a request of the bot instead of an honest answer. Only `cut body` and `lost` carry it out:
 * the first breaks off in the middle of the answer, the second closes the connection without one.
 */
export type AnswerFault =
  | 'ok'
  | '500'
  | 'hang'
  | 'reset'
  | '429'
  | '401'
  | '403'
  | '10062'
  | '40060'
  | 'cut body'
  | 'lost';
export type StartFault = 'ok' | '503' | '401' | '429';
export type Knob<Mode> = {
  /** Applies to the next `times` requests; `times` defaults to one, `Infinity` lasts until `ok`. */
  readonly set: (mode: Mode, times?: number) => void;
  readonly take: () => Mode;
  /** What it is set to. */
  readonly mode: () => Mode;
  /** How many requests it still strikes. */
  readonly left: () => number;
};

function createKnob<Mode>(normal: Mode): Knob<Mode> {
  let mode = normal;
  let left = 0;
  return {
    set(next, times = 1) {
      mode = next;
      left = times;
    },
    take() {
      if (left <= 0) return normal;
      left -= 1;
      return mode;
    },
    mode: () => mode,
    left: () => left,
  };
}

/** Everything that can be made to go wrong on the HTTP side. */
export function createHttpFaults() {
  return {
    /** `POST /interactions/:id/:token/callback` */
    callback: createKnob<AnswerFault>('ok'),
    /** `PATCH` and `DELETE` of webhook messages, `@original` among them. */
    edit: createKnob<AnswerFault>('ok'),
    /** `POST /webhooks/:app/:token` */
    followUp: createKnob<AnswerFault>('ok'),
    /** Writes to `/channels/:id/messages`. */
    channelMessage: createKnob<AnswerFault>('ok'),
    /** `PUT` of commands. */
    commands: createKnob<AnswerFault>('ok'),
    /** `GET /gateway/bot` */
    gatewayBot: createKnob<StartFault>('ok'),
    /** `GET /applications/@me` */
    application: createKnob<StartFault>('ok'),
    /** New WebSocket connections. */
    webSocket: createKnob<'ok' | '503' | 'reset'>('ok'),
  };
}

export type HttpFaults = ReturnType<typeof createHttpFaults>;
