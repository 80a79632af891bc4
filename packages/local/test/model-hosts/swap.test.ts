import { setTimeout } from 'node:timers/promises';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { type RawEntry, tarGz } from '@freshpoint/test-support/tar-builder';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createStage, eventually, jsModel } from './stage.ts';

const REQUEST_PAUSE_MS = 5;

let stage: Awaited<ReturnType<typeof createStage>>;
beforeEach(async () => {
  stage = await createStage({ times: { healthCheckTimeoutMs: 3000, maxHealthCheckTimeoutMs: 3000 } });
  await stage.put('model.tar.gz', jsModel('v1'));
  await stage.declare();
  await stage.create();
  await stage.settled('InService');
});
afterEach(() => stage.close());

/** Several callers that invoke the endpoint until they are stopped; one of them asks for slow answers. */
function stream() {
  const versions: string[] = [];
  /** The versions that answered requests sent after `mark`. */
  const sinceMark: string[] = [];
  let marked = false;
  const failures: unknown[] = [];
  let going = true;
  const one = async (ms: number) => {
    while (going) {
      const late = marked;
      try {
        const Body = JSON.stringify({ ms });
        const command = new InvokeEndpointCommand({ EndpointName: 'iris', ContentType: 'application/json', Body });
        const answer = await stage.client.send(command);
        const { version } = JSON.parse(answer.Body.transformToString());
        versions.push(version);
        if (late) sinceMark.push(version);
        // Requests without a pause would only burn CPU time.
        await setTimeout(REQUEST_PAUSE_MS);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const callers = Promise.all([one(0), one(0), one(0), one(200)]);
  return {
    versions,
    sinceMark,
    failures,
    mark() {
      marked = true;
    },
    async stop() {
      going = false;
      await callers;
    },
  };
}

it('a swap fails no request and ends with the new model only', async () => {
  const invocations = stream();
  await eventually(() => invocations.versions.length > 20);
  await stage.put('model.tar.gz', jsModel('v2'));
  await stage.update('B');
  const after = await stage.settled('InService');
  invocations.mark();
  await eventually(() => invocations.sinceMark.length > 20);
  await invocations.stop();
  expect(after).toMatchObject({ EndpointConfigName: 'B' });
  expect(invocations.failures).toEqual([]);
  expect(new Set(invocations.versions)).toEqual(new Set(['v1', 'v2']));
  expect(new Set(invocations.sinceMark)).toEqual(new Set(['v2']));
  await eventually(() => stage.processes.running === 2);
  await eventually(async () => (await stage.instanceFolders()).length === 2);
});

it.each([
  [
    'does not load',
    tarGz({ path: 'code/inference.js', body: 'throw new Error("no weights")' }),
    /^The primary container for production variant AllTraffic did not pass the ping health check\. /,
  ],
  [
    'never gets ready',
    tarGz({
      path: 'code/inference.js',
      body: 'exports.model_fn = () => new Promise(() => {}); exports.predict_fn = () => 1',
    }),
    /did not pass the ping health check/,
  ],
  [
    'is no archive',
    Buffer.from('broken'),
    /^Failed to extract model data archive for container "container_1" from URL "s3:\/\/models\/model.tar.gz"/,
  ],
  [
    'has a link to the outside',
    tarGz({ path: 'weights', type: '2', link: '/etc/passwd' }),
    /"weights", a link to "\/etc\/passwd"/,
  ],
])('a swap to a model that %s is rolled back, and fails no request', async (_name, archive, reason) => {
  const invocations = stream();
  await eventually(() => invocations.versions.length > 20);
  await stage.put('model.tar.gz', archive);
  await stage.update('B');
  const after = await stage.settled('InService');
  const refused = invocations.versions.length;
  await eventually(() => invocations.versions.length > refused + 20);
  await invocations.stop();
  expect(after).toMatchObject({ EndpointConfigName: 'A', FailureReason: expect.stringMatching(reason) });
  expect(invocations.failures).toEqual([]);
  expect(new Set(invocations.versions)).toEqual(new Set(['v1']));
  await eventually(async () => (await stage.instanceFolders()).length === 2 && stage.processes.running === 2);
});

it('a swap to a model with links within its folder ends with it, and its log has a warning', async () => {
  const links: RawEntry[] = [
    { path: 'version.json', type: '2', link: 'current/version.json' },
    { path: 'current', type: '2', link: 'versions/2' },
    { path: 'versions/2/version.json', body: '"v2"' },
    { path: 'gone', type: '2', link: 'nowhere' },
  ];
  await stage.put('model.tar.gz', jsModel('replaced by a link', ...links));
  await stage.update('B');
  expect(await stage.settled('InService')).toMatchObject({ EndpointConfigName: 'B' });
  const invocations = stream();
  await eventually(() => invocations.versions.length > 20);
  await invocations.stop();
  expect(new Set(invocations.versions)).toEqual(new Set(['v2']));
  const warning = 'Warning: s3://models/model.tar.gz has the symbolic link "version.json" to "current/version.json".';
  expect(stage.logs.some(({ line }) => line.startsWith(warning))).toBe(true);
});

it('stopping in the middle of a swap leaves no process and no folder behind', async () => {
  await stage.update('B');
  await eventually(() => stage.processes.running > 2);
  await stage.stop();
  expect(stage.processes.running).toBe(0);
  expect(await stage.instanceFolders()).toEqual([]);
});
