import type { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { type Clock, sleep } from '@freshpoint/simulator/core/clock';
import { NAMES } from '@freshpoint-examples/iris/names';
import type { DemoClients, Uploaded } from '../aws.ts';
import { type ControllerLogEntry, expectedRevision } from '../controller-log.ts';
import type { DemoCloud, DemoRuntime, ResourceEvent } from '../demo-runtime.ts';
import { BROKEN } from '../demo-steps.ts';
import type { InvokeClient } from '../endpoint-client.ts';
import type { EndpointSnapshot } from '../endpoint-watch.ts';
import { trainModels } from '../train.ts';

const BUCKET = 'iris-models-7d1a';
const CONFIGS = { a: 'Iris-ConfigA-3kQ0', b: 'Iris-ConfigB-9xTe' };
const OBJECTS: Readonly<Record<string, Uploaded>> = {
  v1: { etag: '0a1b2c3d-2', size: 6_295_113 },
  v2: { etag: '6071829a-2', size: 6_295_125 },
  [BROKEN]: { etag: 'deadbeef', size: 1169 },
};
/** Where the console's page is. */
export const CONSOLE_URL = 'http://127.0.0.1:4581/#token=t';
const PING_FAILURE =
  'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.';

/** How the fake account departs from a good run. */
export interface Misbehaviour {
  /** Serves v1 again after the swap. */
  readonly forgetsV2?: boolean;
  /** Swaps for bytes that are in service already. */
  readonly swapsRepeatedBytes?: boolean;
  /** Fails the invocation with this number. */
  readonly failsInvocation?: number;
  /** Logs another revision as the one in service. */
  readonly namesAnotherRevision?: boolean;
  /** Cannot roll back. */
  readonly losesV1?: boolean;
  /** Serves v2 again after the rollback. */
  readonly servesV2Again?: boolean;
  /** Never swaps. */
  readonly sleeps?: boolean;
  /** The deployment of the endpoint fails. */
  readonly failsDeployment?: boolean;
}

/** An account with the timing and the messages of a real one, and nothing behind them. */
export class FakeRuntime implements DemoRuntime {
  readonly clients: DemoClients;
  isStarted = false;
  isStopped = false;
  readonly #clock: Clock;
  readonly #misbehaviour: Misbehaviour;
  readonly #models = trainModels();
  #listener: (entry: ControllerLogEntry) => void = () => undefined;
  #model: 'v1' | 'v2' = 'v1';
  #invocations = 0;
  #view: EndpointSnapshot = { EndpointName: 'iris', EndpointStatus: 'Creating', EndpointConfigName: CONFIGS.a };

  constructor(clock: Clock, misbehaviour: Misbehaviour = {}) {
    this.#clock = clock;
    this.#misbehaviour = misbehaviour;
    const send = (command: InvokeEndpointCommand) => this.#invoke(command);
    this.clients = {
      upload: (path) => this.#upload(path),
      objectAt: async () => uploadOf('v1'),
      describeEndpoint: async () => this.#view,
      environmentOf: async () => ({}),
      invoke: { send: send as unknown as InvokeClient['send'] },
      destroy: () => undefined,
    };
  }

  async synth(): Promise<string> {
    await this.#sleep(1500);
    return 'demo/cdk.out';
  }

  async startLocal(): Promise<DemoCloud> {
    this.isStarted = true;
    await this.#sleep(400);
    return {
      url: 'http://127.0.0.1:4566',
      deploy: (onEvent) => this.#deploy(onEvent),
      openConsole: async () => CONSOLE_URL,
      rollback: (endpoint, onLine) => this.#rollBack(endpoint, onLine),
      onControllerLog: (listener) => {
        this.#listener = listener;
      },
      stop: async () => {
        this.isStopped = true;
      },
    };
  }

  async #deploy(onEvent: (event: ResourceEvent) => void): Promise<Record<string, string>> {
    for (const logicalId of ['Models', 'Queue', 'DeadLetters', 'Rule', 'Role', 'ConfigA']) {
      await this.#sleep(150);
      onEvent({ logicalId, type: 'AWS::SQS::Queue', status: 'CREATE_COMPLETE' });
    }
    if (this.#misbehaviour.failsDeployment) {
      const reason = 'Could not find model data.';
      onEvent({ logicalId: 'Endpoint', type: 'AWS::SageMaker::Endpoint', status: 'CREATE_FAILED', reason });
      throw new Error('The stack Iris is ROLLBACK_COMPLETE');
    }
    this.#clock.schedule(2000, () => {
      this.#view = { ...this.#view, EndpointStatus: 'InService' };
    });
    return { BucketName: BUCKET, EndpointName: 'iris' };
  }

  async #rollBack(endpoint: string, onLine: (line: string) => void): Promise<void> {
    if (this.#misbehaviour.losesV1) throw new Error('No earlier revision is on record');
    await this.#update('v1');
    if (this.#misbehaviour.servesV2Again) await this.#update('v2');
    onLine(`${endpoint} serves ${revisionOfFake('v1')}`);
  }

  async #upload(name: string): Promise<Uploaded> {
    await this.#sleep(600);
    if (this.#view.EndpointStatus === 'InService') void this.#reconcile(name);
    return uploadOf(name);
  }

  async #reconcile(name: string): Promise<void> {
    const { sleeps, swapsRepeatedBytes, namesAnotherRevision } = this.#misbehaviour;
    if (sleeps) return;
    await this.#sleep(300);
    this.#log(name, { decision: 'requeue', reason: 'Settling', message: 'newest source must be 2 s old', seconds: 2 });
    await this.#sleep(1700);
    if (name === 'v2' && this.#model === 'v2' && !swapsRepeatedBytes) {
      const named = namesAnotherRevision ? 'v1' : name;
      this.#log(named, { decision: 'done', reason: 'Serving', message: 'slot b serves it' });
    } else {
      await this.#update(name);
    }
  }

  async #update(name: string): Promise<void> {
    const before = this.#view;
    const to = before.EndpointConfigName === CONFIGS.a ? CONFIGS.b : CONFIGS.a;
    const slot = to === CONFIGS.a ? 'a' : 'b';
    this.#log(name, { decision: 'swap', reason: name === 'v1' ? 'Pinned' : 'NewRevision', slot, seconds: 30 });
    const pending = { EndpointConfigName: to };
    this.#view = { ...before, EndpointStatus: 'Updating', FailureReason: undefined, PendingDeploymentSummary: pending };
    await this.#sleep(3000);
    if (name === BROKEN) {
      this.#view = { ...before, EndpointStatus: 'InService', FailureReason: PING_FAILURE };
      await this.#sleep(500);
      this.#log(name, { decision: 'refused', reason: 'Quarantined', message: PING_FAILURE });
      return;
    }
    this.#model = this.#misbehaviour.forgetsV2 || name === 'v1' ? 'v1' : 'v2';
    this.#view = { ...before, EndpointStatus: 'InService', EndpointConfigName: to };
    await this.#sleep(500);
    this.#log(name, { decision: 'done', reason: 'Serving', message: `slot ${slot} serves it` });
  }

  async #invoke(command: InvokeEndpointCommand) {
    await this.#sleep(12);
    this.#invocations++;
    if (this.#invocations === this.#misbehaviour.failsInvocation) throw new Error('ServiceUnavailable');
    const text = new TextDecoder().decode(command.input.Body as Uint8Array);
    const rows: number[][] = text.startsWith('{')
      ? JSON.parse(text).instances
      : text.split('\n').map((line) => line.split(',').map(Number));
    const answer = { predictions: this.#models[this.#model].predict(rows), model: this.#model };
    return { Body: new TextEncoder().encode(JSON.stringify(answer)) };
  }

  #log(name: string, entry: ControllerLogEntry): void {
    this.#listener({ endpoint: NAMES.endpointId, revision: revisionOfFake(name), ...entry });
  }

  #sleep(ms: number): Promise<void> {
    return sleep(this.#clock, ms);
  }
}

function uploadOf(name: string): Uploaded {
  const uploaded = OBJECTS[name];
  if (!uploaded) throw new Error(`There is no upload ${name}`);
  return uploaded;
}

function revisionOfFake(name: string): string {
  return expectedRevision(`s3://${BUCKET}/${NAMES.modelKey}`, uploadOf(name));
}
