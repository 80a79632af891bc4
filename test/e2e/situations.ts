import { text } from 'node:stream/consumers';
import {
  CreateEndpointConfigCommand,
  DescribeEndpointConfigCommand,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { type EndpointSpec, specParameterName, stateKey } from '@freshpoint/cdk/contract';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { NAMES } from '@freshpoint-examples/iris/names';
import { writeBrokenModel } from './archives.ts';
import { type CommandResult, freshpoint } from './command-line.ts';
import { Stage } from './stage.ts';

const ID = NAMES.endpointId;
const CREDENTIALS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
const NO_CAPACITY =
  'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. ' +
  'Please retry using a different ML instance type.';
const INTERNAL = 'Request to service failed. If failure persists after retry, contact customer support.';
/** Seconds after which something blocks an endpoint of a test: its stack cannot say less than a minute. */
const STALLED_AFTER_SECONDS = 1;
const LONG_WAIT_SECONDS = 60;
const SHORT_WAIT_SECONDS = 1;

/** An event as the controller publishes it. */
export interface PublishedEvent {
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface PutEventsInput {
  readonly Entries: readonly { readonly DetailType: string; readonly Detail: string }[];
}

/** The endpoint of examples/iris on a local runtime, to which things happen. */
export class TroubledEndpoint {
  readonly stage: Stage;
  readonly name: string;
  readonly queueUrl: string;
  readonly events: PublishedEvent[] = [];
  readonly #bucket: string;
  #models = 0;

  private constructor(stage: Stage, bucket: string, { endpointName, queueUrl = '' }: EndpointSpec) {
    this.stage = stage;
    this.#bucket = bucket;
    this.name = endpointName;
    this.queueUrl = queueUrl;
    const { cloud } = stage.runtime;
    const call = cloud.call.bind(cloud);
    cloud.call = async (service, operation, input, caller) => {
      const output = await call(service, operation, input, caller);
      if (operation !== 'PutEvents') return output;
      for (const { DetailType, Detail } of (input as PutEventsInput).Entries) {
        this.events.push({ detailType: DetailType, detail: JSON.parse(Detail) });
      }
      return output;
    };
  }

  /** Deploys it with a first model. */
  static async open(): Promise<TroubledEndpoint> {
    const stage = await Stage.open();
    const bucket = await stage.deployIris();
    const endpoint = new TroubledEndpoint(stage, bucket, await specOf(stage));
    await endpoint.untilServesOther(undefined);
    return endpoint;
  }

  run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
    return freshpoint(this.stage.runtime.url, args, { ...CREDENTIALS, ...environment });
  }

  async state(): Promise<EndpointState> {
    const { store } = await specOf(this.stage);
    const { Body } = await this.stage.callAsRoot('s3', 'GetObject', { Bucket: store.bucket, Key: stateKey(store) });
    return JSON.parse(await text(Body));
  }

  /** Waits until the controller has written such a state. */
  async until(expected: string, isSo: (state: EndpointState) => boolean): Promise<void> {
    await this.stage.until(expected, async () => isSo(await this.state()));
  }

  /** Waits until another revision serves than this one. */
  async untilServesOther(revision: string | undefined): Promise<void> {
    await this.until('another revision serves', ({ serving, rollout, stalled }) => {
      return serving?.revision !== undefined && serving.revision !== revision && !rollout && !stalled;
    });
  }

  /** Waits until the newest upload serves after all. */
  async untilRecovered(): Promise<void> {
    await this.until('it recovers', ({ stalled, rollout }) => !stalled && !rollout);
  }

  /** Uploads a model that no upload had before. */
  async upload(): Promise<void> {
    this.#models += 1;
    await this.stage.upload(this.#bucket, NAMES.modelKey, `model-${this.#models}`);
  }

  /** Uploads a model with which no container starts. */
  async uploadBroken(): Promise<void> {
    const path = await writeBrokenModel(this.stage.folder, 'broken');
    await this.stage.uploadFile(this.#bucket, NAMES.modelKey, path);
  }

  /** Uploads a model, and waits until it serves. */
  async refresh(): Promise<void> {
    const { serving } = await this.state();
    await this.upload();
    await this.untilServesOther(serving?.revision);
  }

  /** Moves it as a person does, without the controller. */
  async move(configName: string): Promise<void> {
    const { sagemaker } = this.stage;
    await sagemaker.send(new UpdateEndpointCommand({ EndpointName: this.name, EndpointConfigName: configName }));
    await this.stage.untilStatus(this.name, 'InService');
  }

  /** Changes its spec, as a deployment does. */
  async configure(change: Partial<EndpointSpec>): Promise<void> {
    const Value = JSON.stringify({ ...(await specOf(this.stage)), ...change });
    await this.stage.callAsRoot('ssm', 'PutParameter', { Name: specParameterName(ID), Value, Overwrite: true });
  }

  /** The config that it runs, and that of the other slot. */
  async configs(): Promise<{ active: string; other: string }> {
    const { EndpointConfigName: active = '' } = await this.stage.describe(this.name);
    const { a, b } = (await specOf(this.stage)).configs;
    return { active, other: active === a ? b : a };
  }

  /** Denies the refresher its sources; returns what allows it again. */
  async denySources(): Promise<() => Promise<void>> {
    const Bucket = this.#bucket;
    const put = (Policy: string) => this.stage.callAsRoot('s3', 'PutBucketPolicy', { Bucket, Policy });
    const { Policy } = await this.stage.callAsRoot('s3', 'GetBucketPolicy', { Bucket });
    const { Version, Statement } = JSON.parse(Policy);
    const denial = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
      Condition: { StringLike: { 'aws:PrincipalArn': '*FreshpointRefresher*' } },
    };
    await put(JSON.stringify({ Version, Statement: [...Statement, denial] }));
    return () => put(Policy);
  }

  close(): Promise<void> {
    return this.stage.close();
  }
}

/** What has happened before the commands of a page are typed, by the page's names. They follow each other. */
export type Situations = Readonly<Record<string, (endpoint: TroubledEndpoint) => Promise<void>>>;

/** Of docs/walkthrough.md. */
export const WALKTHROUGH: Situations = {
  deployed: async () => undefined,
  'a model is uploaded': (endpoint) => endpoint.upload(),
  'a broken model is uploaded': (endpoint) => endpoint.uploadBroken(),
  'the refusal is seen': async () => undefined,
};

/** Of docs/operations.md. */
export const OPERATIONS: Situations = {
  'all is well': (endpoint) => endpoint.refresh(),
  refused: async (endpoint) => {
    await endpoint.uploadBroken();
    await endpoint.until('it is quarantined', ({ quarantine, rollout }) => quarantine?.length === 1 && !rollout);
  },
  'answers are wrong': (endpoint) => endpoint.refresh(),
  'rolled back': (endpoint) => endpoint.until('it is rolled back', ({ rollout }) => !rollout),
  'no capacity': async (endpoint) => {
    await endpoint.configure({ stalledAfter: STALLED_AFTER_SECONDS });
    endpoint.stage.runtime.faults.nextUpdate(endpoint.name, { kind: 'refuse', reason: NO_CAPACITY });
    await endpoint.upload();
    await endpoint.until('it stalls for want of capacity', isStalled('Retrying'));
  },
  'a call is denied': async (endpoint) => {
    await endpoint.untilRecovered();
    const allow = await endpoint.denySources();
    await endpoint.upload();
    // Each request is a pass: the controller alone pauses between them.
    await endpoint.until('a call stalls it', (state) => {
      void endpoint.stage.requestReconcile(endpoint.queueUrl, ID);
      return isStalled('CallFailed')(state);
    });
    await allow();
  },
  'moved to the other slot': async (endpoint) => {
    await endpoint.untilRecovered();
    await endpoint.configure({ waitTime: LONG_WAIT_SECONDS, stalledAfter: undefined });
    await endpoint.move((await endpoint.configs()).other);
    await endpoint.until('the move is noticed', ({ rollout }) => rollout?.phase === 'settling');
  },
  'moved to another config': async (endpoint) => {
    const { active } = await endpoint.configs();
    const { sagemaker } = endpoint.stage;
    const { ProductionVariants } = await sagemaker.send(
      new DescribeEndpointConfigCommand({ EndpointConfigName: active }),
    );
    await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: 'by-hand', ProductionVariants }));
    await endpoint.move('by-hand');
    await endpoint.until('the move is noticed', ({ unknownConfigSince }) => unknownConfigSince !== undefined);
  },
  'update and rollback failed': async (endpoint) => {
    await endpoint.configure({ waitTime: SHORT_WAIT_SECONDS });
    const { a } = (await specOf(endpoint.stage)).configs;
    await endpoint.move(a);
    await endpoint.until('it is set back', ({ moved, rollout }) => !moved && !rollout);
    endpoint.stage.runtime.faults.nextUpdate(endpoint.name, { kind: 'rollback-failed', reason: INTERNAL });
    await endpoint.upload();
    await endpoint.until('it fails', isStalled('EndpointFailed'));
  },
  restored: async (endpoint) => endpoint.stage.runtime.faults.forceStatus(endpoint.name, 'InService'),
  settling: async (endpoint) => {
    await endpoint.run(['retry', ID]);
    await endpoint.untilRecovered();
    await endpoint.configure({ waitTime: LONG_WAIT_SECONDS });
    await endpoint.upload();
    await endpoint.until('it settles', ({ rollout }) => rollout?.phase === 'settling');
  },
};

/** Brings a situation about. */
export async function bringAbout(situations: Situations, name: string, endpoint: TroubledEndpoint): Promise<void> {
  const act = situations[name];
  if (!act) throw new Error(`situations.ts has no "${name}".`);
  await act(endpoint);
}

/** Whether something was published as stalled, for this reason. */
function isStalled(reason: string): (state: EndpointState) => boolean {
  return ({ stalled }) => stalled?.published === true && stalled.reason === reason;
}

async function specOf(stage: Stage): Promise<EndpointSpec> {
  const { Parameter } = await stage.callAsRoot('ssm', 'GetParameter', { Name: specParameterName(ID) });
  return JSON.parse(Parameter.Value);
}
