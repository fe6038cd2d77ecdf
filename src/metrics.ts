import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What is counted. Labels hold names from fixed lists only: never a user, a channel, a market or an id. */
export type Metrics = {
  /** How a proposal ended. */
  readonly outcomeReached: (labels: { readonly venue: string; readonly kind: string }) => void;
  /** One request to a venue; `class` is what came of it, such as `ok`, `refused`, `silent` or `not-sent`. */
  readonly venueCalled: (
    labels: { readonly venue: string; readonly call: string; readonly class: string },
    durationMs: number,
  ) => void;
  /** How old an interaction was on arrival, by this host's clock: negative or large means clock skew. */
  readonly interactionArrived: (arrived: { readonly ageMs: number }) => void;
  /** From the arrival of an interaction to Discord's answer to the acknowledgement. */
  readonly interactionAcknowledged: (acknowledged: { readonly ackMs: number }) => void;
  /** How a command or a press ended; `name` is the command or the button's verb. */
  readonly interactionEnded: (ended: { readonly kind: string; readonly name: string; readonly result: string }) => void;
  /** A stored row that could not be read, each time that it was tried. */
  readonly rowUnreadable: (labels: { readonly kind: string }) => void;
  readonly gatewayReady: (isReady: boolean) => void;
  /** The Prometheus text format, as `contentType` says. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
};

const fastBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5];
const venueBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 8];
const ageBuckets = [-1, -0.25, 0, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** Counters of one app in a registry of its own, with the process's default metrics beside them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `levergate_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `levergate_${name}`, help, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[],
  ) => new Histogram({ name: `levergate_${name}`, help, buckets, labelNames, registers });

  const commands = counter('commands_total', 'Commands run.', ['command', 'result']);
  const presses = counter('presses_total', 'Buttons pressed.', ['verb', 'result']);
  const outcomes = counter('outcomes_total', 'How proposals ended.', ['venue', 'kind']);
  const calls = histogram('venue_call_seconds', 'Requests to venues.', venueBuckets, ['venue', 'call', 'class']);
  const acks = histogram('ack_seconds', 'From arrival to acknowledged.', fastBuckets, []);
  const ages = histogram('interaction_age_seconds', 'Age of interactions on arrival.', ageBuckets, []);
  const unreadable = counter('unreadable_rows_total', 'Stored rows that could not be read, by kind.', ['kind']);
  const ready = gauge('gateway_ready', '1 while connected to Discord.');

  return {
    outcomeReached: (labels) => outcomes.inc(labels),
    venueCalled: (labels, durationMs) => calls.observe(labels, durationMs / 1000),
    interactionArrived: ({ ageMs }) => ages.observe(ageMs / 1000),
    interactionAcknowledged: ({ ackMs }) => acks.observe(ackMs / 1000),
    interactionEnded: ({ kind, name, result }) => {
      if (kind === 'command') commands.inc({ command: name, result });
      if (kind === 'press') presses.inc({ verb: name, result });
    },
    rowUnreadable: (labels) => unreadable.inc(labels),
    gatewayReady: (isReady) => ready.set(isReady ? 1 : 0),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
