import type { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, test } from 'vitest';
import { evaluateEndpoint, type InvokeClient } from '../endpoint-client.ts';
import { createTraffic } from '../traffic.ts';
import type { Flower } from '../train.ts';
import { VirtualClock, whileTimePasses } from './virtual-time.ts';

const flowers: Flower[] = [
  { measurements: [5.1, 3.5, 1.4, 0.2], species: 'setosa' },
  { measurements: [6.3, 3.3, 6, 2.5], species: 'virginica' },
];

/** Responds after 10 ms. */
function fakeClient(clock: VirtualClock, respond: (n: number, command: InvokeEndpointCommand) => string) {
  let asked = 0;
  const send = async (command: InvokeEndpointCommand) => {
    const n = ++asked;
    await new Promise<void>((resolve) => void clock.schedule(10, resolve));
    return { Body: new TextEncoder().encode(respond(n, command)) };
  };
  return { client: { send: send as unknown as InvokeClient['send'] }, asked: () => asked };
}

const says = (species: string, model = 'v1') => JSON.stringify({ predictions: [species], model });

describe('traffic', () => {
  test('runs until it is stopped, which waits for the invocations in flight', async () => {
    const clock = new VirtualClock();
    const { client, asked } = fakeClient(clock, () => says('setosa'));
    const traffic = createTraffic({ client, endpointName: 'iris', flowers, clock, concurrency: 2, pauseMs: 90 });
    traffic.start();
    await clock.advance(1000);
    expect(traffic.snapshot().perSecond).toBe(20);
    const totals = await whileTimePasses(clock, traffic.stop());
    expect(totals).toEqual({ invocations: asked(), failed: 0, failures: [] });
    const before = asked();
    await clock.advance(1000);
    expect(asked()).toBe(before);
    expect(clock.nextAt()).toBeUndefined();
  });

  test('stopping ends a pause early', async () => {
    const clock = new VirtualClock();
    const { client } = fakeClient(clock, () => says('setosa'));
    const traffic = createTraffic({ client, endpointName: 'iris', flowers, clock, concurrency: 1, pauseMs: 60_000 });
    traffic.start();
    await clock.advance(100);
    expect(await traffic.stop()).toMatchObject({ invocations: 1 });
  });

  test('sends one flower after the other, as CSV', async () => {
    const clock = new VirtualClock();
    const bodies: string[] = [];
    const { client } = fakeClient(clock, (_, { input }) => {
      expect(input).toMatchObject({ EndpointName: 'iris', ContentType: 'text/csv' });
      bodies.push(new TextDecoder().decode(input.Body as Uint8Array));
      return says('setosa');
    });
    const traffic = createTraffic({ client, endpointName: 'iris', flowers, clock, concurrency: 1 });
    traffic.start();
    await clock.advance(150);
    expect(bodies.slice(0, 3)).toEqual(['5.1,3.5,1.4,0.2', '6.3,3.3,6,2.5', '5.1,3.5,1.4,0.2']);
  });

  test('counts failures and keeps the first ten, with their times', async () => {
    const clock = new VirtualClock();
    const { client } = fakeClient(clock, (n) => {
      if (n > 3) throw new Error(`no ${n}`);
      return says('setosa');
    });
    const traffic = createTraffic({ client, endpointName: 'iris', flowers, clock, concurrency: 1, pauseMs: 0 });
    traffic.start();
    await clock.advance(165);
    const { invocations, failed, failures } = await whileTimePasses(clock, traffic.stop());
    expect(failed).toBe(invocations - 3);
    expect(failures).toHaveLength(10);
    expect(failures[0]).toEqual({ atMs: 40, error: 'Error: no 4' });
  });

  test.each(['not JSON', '{"predictions":[],"model":"v1"}', '{"predictions":["setosa"]}'])(
    'an unexpected answer is a failure: %s',
    async (answer) => {
      const clock = new VirtualClock();
      const { client } = fakeClient(clock, () => answer);
      const traffic = createTraffic({ client, endpointName: 'iris', flowers, clock, concurrency: 1 });
      traffic.start();
      await clock.advance(15);
      expect(traffic.snapshot()).toMatchObject({ invocations: 1, failed: 1 });
    },
  );

  test('shows the model that answers, its consecutive answers and their accuracy', async () => {
    const clock = new VirtualClock();
    const { client } = fakeClient(clock, (n) => says('setosa', n <= 4 ? 'v1' : 'v2'));
    const traffic = createTraffic({ client, endpointName: 'iris', flowers, clock, concurrency: 1, pauseMs: 0 });
    traffic.start();
    await clock.advance(45);
    expect(traffic.snapshot()).toMatchObject({ answeredBy: 'v1', inARow: 4, accuracy: 0.5 });
    await clock.advance(20);
    expect(traffic.snapshot()).toMatchObject({ answeredBy: 'v2', inARow: 2 });
  });
});

test('evaluateEndpoint sends all flowers at once and returns the accuracy', async () => {
  const clock = new VirtualClock();
  const { client } = fakeClient(clock, (_, { input }) => {
    expect(JSON.parse(new TextDecoder().decode(input.Body as Uint8Array)).instances).toHaveLength(2);
    return JSON.stringify({ predictions: ['setosa', 'setosa'], model: 'v1' });
  });
  const evaluation = await whileTimePasses(clock, evaluateEndpoint(client, 'iris', flowers));
  expect(evaluation).toEqual({ accuracy: 0.5, model: 'v1' });
});
