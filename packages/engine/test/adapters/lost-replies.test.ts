import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { expect, onTestFinished, test } from 'vitest';
import { UPDATE_CLIENT_CONFIG } from '../../src/adapters/client.ts';
import { sageMakerEndpoints } from '../../src/adapters/sagemaker-endpoints.ts';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { message, World } from '../controller/fakes.ts';
import { endpoint, MINUTE, quiet, settling, spec } from '../policy/situations.ts';

type Loss = 'connection' | '500';

/** SageMaker accepts the first UpdateEndpoint and loses its reply; any further one is refused as in progress. */
async function lossySageMaker(loss: Loss, onUpdate: (config: string) => void) {
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests += 1;
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (requests > 1) {
        response.statusCode = 400;
        const message = 'Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/iris".';
        response.end(JSON.stringify({ __type: 'ValidationException', message }));
        return;
      }
      onUpdate(JSON.parse(Buffer.concat(chunks).toString()).EndpointConfigName);
      if (loss === 'connection') request.socket.destroy();
      else {
        response.statusCode = 500;
        response.end(JSON.stringify({ __type: 'InternalFailure', message: 'We encountered an internal error.' }));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const client = new SageMakerClient({
    ...UPDATE_CLIENT_CONFIG,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  return { client, requests: () => requests };
}

test.each<Loss>(['connection', '500'])(
  'an accepted UpdateEndpoint whose reply is lost (%s) is adopted, tested and rolled back as any other',
  async (loss) => {
    const world = new World();
    const data = { bucket: 'copies', root: 'Iris/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
    world.spec = { ...spec, data, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
    world.slots = { a: 'v1', b: 'v2' };
    world.state = {
      ...quiet,
      rollout: settling('v2', 9 * MINUTE),
    };
    const sagemaker = await lossySageMaker(loss, (config) => {
      world.endpoint = { ...endpoint, status: 'Updating', pendingConfigName: config, lastModified: world.now };
    });
    const { update } = sageMakerEndpoints(sagemaker.client, sagemaker.client);
    const ports = { ...world.ports, endpoints: { ...world.ports.endpoints, update } };

    await reconcileBatch(ports, [message('1')]);
    expect(sagemaker.requests()).toBe(1);
    expect(world.state.rollout).toMatchObject({ revision: 'v2', configName: 'config-b' });

    await reconcileBatch(ports, [message('1', 2)]);
    expect(world.published).toEqual(['started']);
    expect(world.state.rollout).toMatchObject({ phase: 'updating', accepted: true });

    world.now += 6 * MINUTE;
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: world.now };
    world.tests = { kind: 'failed', message: 'Smoke test 1 of 1 failed: got nonsense.' };
    await reconcileBatch(world.ports, [message('1', 3)]);
    expect(world.published).toEqual(['started', 'refused', 'started']);
    expect(world.state.rollout).toMatchObject({ slot: 'a', revision: 'v1', trigger: 'smoke-test' });
  },
);

test('an update that a second pass sends again, before it sees the first one, is adopted', async () => {
  const world = new World();
  const error = new Error('Cannot update in-progress endpoint "arn".');
  world.ports.endpoints.update = async (_, config) => {
    world.endpoint = { ...endpoint, status: 'Updating', pendingConfigName: config };
    return { kind: 'rejected', busy: true, error };
  };
  await reconcileBatch(world.ports, [message('1')]);
  expect(world.state.rollout).toMatchObject({ revision: 'v2' });
  await reconcileBatch(world.ports, [message('1')]);
  expect(world.state.rollout).toMatchObject({ phase: 'updating', accepted: true });
});
