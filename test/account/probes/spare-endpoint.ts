import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  type DeploymentConfig,
  DescribeEndpointCommand,
  type SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import type { DeployedStack } from '../cdk-deploy.ts';
import { type EndpointSample, sampleOf } from '../endpoint-history.ts';
import { CONTAINER_ENVIRONMENT, namedModel } from '../model-archive.ts';
import { PROBE_FOLDER, VARIANT } from '../places.ts';
import type { RunContext } from '../run-context.ts';
import { waitFor } from '../wait-for.ts';

/** A container that does not start fails an update after this time: SageMaker allows 60 s at least. */
export const STARTUP_TIMEOUT_SECONDS = 120;

/** How an update ended. */
export interface UpdateEnd {
  /** The endpoint serves the config. */
  readonly succeeded: boolean;
  /** SageMaker's. Empty if there is none. */
  readonly reason: string;
  /** Different ones, from the call until the endpoint was InService again. */
  readonly samples: readonly EndpointSample[];
}

/** An endpoint of the run's own, that no controller updates. */
export class SpareEndpoint {
  readonly #context: RunContext & { readonly stack: DeployedStack };
  #changes = 0;
  /** Before the last call. */
  #before: EndpointSample | undefined;

  private constructor(context: RunContext & { readonly stack: DeployedStack }) {
    this.#context = context;
  }

  /** Makes the endpoint, and waits until it is InService. */
  static async create(context: RunContext & { readonly stack: DeployedStack }): Promise<SpareEndpoint> {
    const spare = new SpareEndpoint(context);
    const { sagemaker } = context.session.clients;
    context.print(`Create endpoint ${spare.name} for the probes`);
    const EndpointConfigName = await spare.addConfig('first', namedModel('first'));
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: spare.name, EndpointConfigName }));
    const { reason, succeeded } = await spare.#ended(EndpointConfigName);
    if (!succeeded) throw new Error(`Endpoint ${spare.name} could not be created: ${reason}`);
    return spare;
  }

  get name(): string {
    return this.#context.names.spare;
  }

  /** Makes a model with this archive and a config with the model. Returns the config's name. */
  async addConfig(label: string, archive: Buffer, more: { readonly KmsKeyId?: string } = {}): Promise<string> {
    const { names, session, stack, image, instanceType } = this.#context;
    const { s3, sagemaker } = session.clients;
    const name = `${names.prefix}-${label}`;
    const Key = `${PROBE_FOLDER}${label}/model.tar.gz`;
    await s3.send(new PutObjectCommand({ Bucket: stack.modelsBucket, Key, Body: archive }));
    const ModelDataUrl = `s3://${stack.modelsBucket}/${Key}`;
    await sagemaker.send(
      new CreateModelCommand({
        ModelName: name,
        ExecutionRoleArn: stack.executionRoleArn,
        PrimaryContainer: { Image: image, ModelDataUrl, Environment: { ...CONTAINER_ENVIRONMENT } },
      }),
    );
    const variant = {
      VariantName: VARIANT,
      ModelName: name,
      InstanceType: instanceType,
      InitialInstanceCount: 1,
      ContainerStartupHealthCheckTimeoutInSeconds: STARTUP_TIMEOUT_SECONDS,
    };
    const config = { EndpointConfigName: name, ProductionVariants: [variant], ...more };
    await sagemaker.send(new CreateEndpointConfigCommand(config));
    return name;
  }

  /** Makes a config that no update has used, of a model that starts. */
  nextGoodConfig(more: { readonly KmsKeyId?: string } = {}): Promise<string> {
    this.#changes += 1;
    const label = `good-${this.#changes}`;
    return this.addConfig(label, namedModel(label), more);
  }

  /** Calls UpdateEndpoint, by whom the client is for. */
  async call(EndpointConfigName: string, by?: SageMakerClient, DeploymentConfig?: DeploymentConfig): Promise<void> {
    const client = by ?? this.#context.session.clients.sagemaker;
    this.#before = await this.describe();
    await client.send(new UpdateEndpointCommand({ EndpointName: this.name, EndpointConfigName, DeploymentConfig }));
  }

  /** Calls UpdateEndpoint, and waits until the update has ended, well or not. */
  async update(config: string): Promise<UpdateEnd> {
    this.#context.print(`Update ${this.name} to ${config}`);
    await this.call(config);
    return await this.#ended(config);
  }

  /** Waits for the end of an update that was accepted. */
  ended(config: string): Promise<UpdateEnd> {
    return this.#ended(config);
  }

  async describe(): Promise<EndpointSample> {
    const describe = new DescribeEndpointCommand({ EndpointName: this.name });
    return sampleOf(await this.#context.session.clients.sagemaker.send(describe));
  }

  async #ended(config: string): Promise<UpdateEnd> {
    const { session, signal } = this.#context;
    const samples: EndpointSample[] = [];
    const patience = { ...session.pace, pollMs: session.pace.watchMs, signal };
    const last = await waitFor(patience, `the update to ${config} has ended`, async () => {
      const sample = await this.describe();
      if (JSON.stringify(sample) !== JSON.stringify(samples.at(-1))) samples.push(sample);
      return this.#isOver(samples, config) ? sample : undefined;
    });
    const succeeded = last.status === 'InService' && last.config === config;
    return { succeeded, reason: last.failureReason ?? '', samples };
  }

  /** An endpoint that is InService as before the call may not show the update yet. */
  #isOver(samples: readonly EndpointSample[], config: string): boolean {
    const last = samples.at(-1);
    if (last === undefined || !/^(InService|Failed|UpdateRollbackFailed)$/.test(last.status)) return false;
    const hasBegun = samples.length > 1 || last.lastModifiedMs !== this.#before?.lastModifiedMs;
    return last.status !== 'InService' || last.config === config || hasBegun;
  }
}
