import { expect, test } from 'vitest';
import { createMetrics } from '../src/metrics.ts';

test('what happened is counted under its names', async () => {
  const metrics = createMetrics();
  metrics.interactionEnded({ kind: 'command', name: 'leverage set', result: 'ok' });
  metrics.interactionEnded({ kind: 'command', name: 'leverage set', result: 'ok' });
  metrics.interactionEnded({ kind: 'press', name: 'confirm', result: 'done' });
  metrics.interactionEnded({ kind: 'autocomplete', name: 'leverage set', result: 'ok' });
  metrics.outcomeReached({ venue: 'mudrex', kind: 'applied' });
  metrics.venueCalled({ venue: 'mudrex', call: 'set-leverage', class: 'ok' }, 120);
  metrics.interactionAcknowledged({ ackMs: 80 });
  metrics.interactionArrived({ ageMs: -300 });
  metrics.gatewayReady(true);
  const lines = (await metrics.text()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'levergate_commands_total{command="leverage set",result="ok"} 2',
      'levergate_presses_total{verb="confirm",result="done"} 1',
      'levergate_outcomes_total{venue="mudrex",kind="applied"} 1',
      'levergate_venue_call_seconds_sum{venue="mudrex",call="set-leverage",class="ok"} 0.12',
      'levergate_ack_seconds_bucket{le="0.1"} 1',
      'levergate_interaction_age_seconds_bucket{le="-0.25"} 1',
      'levergate_gateway_ready 1',
    ]),
  );
});

test('the process itself is measured too', async () => {
  const text = await createMetrics().text();
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
});

test('two apps in one process count apart', async () => {
  const [first, second] = [createMetrics(), createMetrics()];
  first.gatewayReady(true);
  expect(await second.text()).toContain('levergate_gateway_ready 0');
});

test('going offline is seen', async () => {
  const metrics = createMetrics();
  metrics.gatewayReady(true);
  metrics.gatewayReady(false);
  expect(await metrics.text()).toContain('levergate_gateway_ready 0');
});
