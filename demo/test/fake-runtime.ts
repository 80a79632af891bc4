import type { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { NAMES } from '@freshpoint-examples/iris/names';
import type { DemoClients, Uploaded } from '../aws.ts';
import type { Clock } from '../clock.ts';
import { revisionOf } from '../controller-log.ts';
import type { DemoRuntime } from '../demo-runtime.ts';
import type { InvokeClient } from '../endpoint-client.ts';
import type { EndpointView } from '../endpoint-watch.ts';
import { trainModels } from '../train.ts';

const BUCKET = 'irisdata-models-7d1a';

/** How the fake cloud departs from a good run. */
export interface Misbehaviour {
  /** Serves v1 again after the swap. */
  readonly forgetsV2?: boolean;
  /** Swaps for bytes that are served already. */
  readonly swapsRepeatedBytes?: boolean;
  /** Fails the invocation with this number. */
  readonly failsInvocation?: number;
  /** Says at the end that another revision is served. */
  readonly namesAnotherRevision?: boolean;
  /** Can't go back. */
  readonly losesV1?: boolean;
  /** Takes what was left again by itself. */
  readonly takesV2Again?: boolean;
  /** Never swaps. */
  readonly sleeps?: boolean;
  /** The deployment of the endpoint fails. */
  readonly refusesDeployment?: boolean;
}

/** Something of a cloud: the timing and the words of the real one, with nothing behind them. */
export function createFakeRuntime(clock: Clock, misbehaviour: Misbehaviour = {}) {
  const { v1, v2 } = trainModels();
  const models = { v1, v2 };
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.schedule(ms, resolve));
  const configs = { a: 'Iris-ConfigA-3kQ0', b: 'Iris-ConfigB-9xTe' };
  const objects: Record<string, Uploaded> = {
    v1: { etag: '0a1b2c3d-2', size: 6_295_113 },
    v2: { etag: '6071829a-2', size: 6_295_125 },
    broken: { etag: 'deadbeef', size: 1169 },
  };
  const revisions = (uploaded: string) =>
    revisionOf(`s3://${BUCKET}/${NAMES.modelKey}`, objects[uploaded]!.etag, objects[uploaded]!.size);
  let listener: (entry: Record<string, unknown>) => void = () => undefined;
  let model: 'v1' | 'v2' = 'v1';
  let invocations = 0;
  let started = false;
  let stopped = false;
  let view: EndpointView = { EndpointName: 'iris', EndpointStatus: 'Creating', EndpointConfigName: configs.a };

  const log = (decision: string, reason: string, uploaded: string, more: Record<string, unknown> = {}) =>
    listener({
      endpoint: 'Iris/Endpoint',
      decision,
      reason,
      revision: revisions(uploaded),
      ...more,
    });

  async function update(uploaded: string): Promise<void> {
    const before = view;
    const to = view.EndpointConfigName === configs.a ? configs.b : configs.a;
    log('swap', uploaded === 'v1' ? 'Pinned' : 'NewRevision', uploaded, {
      slot: to === configs.a ? 'a' : 'b',
      seconds: 30,
    });
    const pending = { EndpointConfigName: to };
    view = { ...before, EndpointStatus: 'Updating', FailureReason: undefined, PendingDeploymentSummary: pending };
    await sleep(3000);
    if (uploaded === 'broken') {
      const FailureReason =
        'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.';
      view = { ...before, EndpointStatus: 'InService', FailureReason };
      await sleep(500);
      log('refused', 'Quarantined', uploaded, { message: FailureReason });
      return;
    }
    model = misbehaviour.forgetsV2 || uploaded === 'v1' ? 'v1' : 'v2';
    view = { ...before, EndpointStatus: 'InService', EndpointConfigName: to };
    await sleep(500);
    log('done', 'Serving', uploaded, { message: `slot ${to === configs.a ? 'a' : 'b'} serves it` });
  }

  async function loop(uploaded: string): Promise<void> {
    if (misbehaviour.sleeps) return;
    await sleep(300);
    log('requeue', 'Settling', uploaded, { message: 'newest source must be 2 s old', seconds: 2 });
    await sleep(1700);
    if (uploaded === 'v2' && model === 'v2' && !misbehaviour.swapsRepeatedBytes) {
      const named = misbehaviour.namesAnotherRevision ? 'v1' : uploaded;
      log('done', 'Serving', named, { message: 'slot b serves it' });
    } else {
      await update(uploaded);
    }
  }

  const runtime: DemoRuntime = {
    async synth() {
      await sleep(1500);
      return 'demo/cdk.out';
    },
    async startLocal() {
      started = true;
      await sleep(400);
      return {
        url: 'http://127.0.0.1:4566',
        async deploy(stackName, onEvent): Promise<{ outputs: Record<string, string> }> {
          const names =
            stackName === NAMES.dataStack ? ['Models'] : ['Queue', 'DeadLetters', 'Rule', 'Role', 'ConfigA'];
          for (const logicalId of names) {
            await sleep(150);
            onEvent({ logicalId, type: 'AWS::SQS::Queue', status: 'CREATE_COMPLETE' });
          }
          if (stackName === NAMES.dataStack) return { outputs: { BucketName: BUCKET } };
          if (misbehaviour.refusesDeployment) {
            const reason = 'Could not find model data.';
            onEvent({ logicalId: 'Endpoint', type: 'AWS::SageMaker::Endpoint', status: 'CREATE_FAILED', reason });
            throw new Error('The stack Iris is ROLLBACK_COMPLETE');
          }
          clock.schedule(2000, () => {
            view = { ...view, EndpointStatus: 'InService' };
          });
          return { outputs: { EndpointName: 'iris' } };
        },
        async back(endpoint, onLine) {
          onLine(`${endpoint} is to serve ${revisions('v1')}`);
          if (misbehaviour.losesV1) throw new Error('Nothing that it served before is on record');
          await update('v1');
          if (misbehaviour.takesV2Again) await update('v2');
          onLine(`${endpoint} serves ${revisions('v1')}`);
        },
        loopLog(given) {
          listener = given;
        },
        async stop() {
          stopped = true;
        },
      };
    },
  };

  async function send(command: InvokeEndpointCommand) {
    await sleep(12);
    invocations++;
    if (invocations === misbehaviour.failsInvocation) throw new Error('ServiceUnavailable');
    const text = new TextDecoder().decode(command.input.Body as Uint8Array);
    const rows: number[][] = text.startsWith('{')
      ? JSON.parse(text).instances
      : text.split('\n').map((line) => line.split(',').map(Number));
    const answer = { predictions: models[model].predict(rows), model };
    return { Body: new TextEncoder().encode(JSON.stringify(answer)) };
  }

  const clients: DemoClients = {
    async upload(path) {
      await sleep(600);
      if (view.EndpointStatus === 'InService') void loop(path);
      return objects[path]!;
    },
    describeEndpoint: async () => view,
    environmentOf: async () => ({}),
    invoke: { send: send as unknown as InvokeClient['send'] },
    destroy: () => undefined,
  };

  return {
    runtime,
    clients,
    isStarted: () => started,
    isStopped: () => stopped,
  };
}
