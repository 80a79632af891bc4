import {
  type EndpointSpec,
  type Slot,
  type SlotData,
  slotDataFolder,
  slotDataKey,
  specParameterName,
} from '@freshpoint/cdk/contract';
import { type EndpointState, lostState } from '@freshpoint/engine/policy/state';
import type { EndpointDescription, ModelContainer } from '../worlds/answers.ts';
import { ENDPOINT_STACK, type EndpointLayout } from '../worlds/layout.ts';
import type { World } from '../worlds/world.ts';

/** The account as it really is, without delays and faults. */
export class AccountView {
  /** The state object; undefined: there is none. */
  storedState: string | undefined;
  readonly #world: World;
  readonly #layout: EndpointLayout;

  constructor(world: World, layout: EndpointLayout) {
    this.#world = world;
    this.#layout = layout;
  }

  /** Whether the stack has the endpoint. */
  exists(): boolean {
    try {
      return this.endpoint().EndpointStatus !== 'Deleting' && this.spec() !== undefined;
    } catch {
      return false;
    }
  }

  spec(): EndpointSpec {
    return JSON.parse(this.#parameter(specParameterName(this.#layout.id)).Value) as EndpointSpec;
  }

  /** One that has to be rebuilt, if there is none. */
  state(): EndpointState {
    return this.storedState === undefined ? lostState(0) : (JSON.parse(this.storedState) as EndpointState);
  }

  endpoint(): EndpointDescription {
    return this.#world.peek('sagemaker', 'DescribeEndpoint', { EndpointName: this.#layout.endpointName });
  }

  /** The endpoint configs that the endpoint uses or moves to. */
  configsInUse(): string[] {
    const { EndpointConfigName, PendingDeploymentSummary } = this.endpoint();
    return [EndpointConfigName, ...(PendingDeploymentSummary ? [PendingDeploymentSummary.EndpointConfigName] : [])];
  }

  /** The slot that isn't active. */
  otherSlot(): Slot {
    return this.endpoint().EndpointConfigName === this.spec().configs.a ? 'b' : 'a';
  }

  /** Whether CloudFormation undoes a deployment. */
  isRollingBack(): boolean {
    const { Stacks } = this.#world.peek('cloudformation', 'DescribeStacks', { StackName: ENDPOINT_STACK });
    return Stacks[0]?.StackStatus.includes('ROLLBACK') ?? false;
  }

  /** Whether there is a message in the work queue, visible or not. */
  hasRequests(): boolean {
    const QueueUrl = this.#world.workQueue;
    const { Attributes } = this.#world.peek('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    return ['', 'NotVisible', 'Delayed'].some((which) => Number(Attributes[`ApproximateNumberOfMessages${which}`]) > 0);
  }

  /** ETag of an object; undefined: there is none. */
  etagAt(bucket: string, key: string): string | undefined {
    try {
      return this.#world.wholeEtag(this.#world.peek('s3', 'HeadObject', { Bucket: bucket, Key: key }).ETag);
    } catch {
      return undefined;
    }
  }

  /** ETags of a slot's data, in the order of its sources; those in a folder in the order of their keys. */
  etagsInSlot({ bucket, root, files }: SlotData, slot: Slot): (string | undefined)[] {
    return files.flatMap((file, index) => {
      if (!('folder' in file)) return [this.etagAt(bucket, slotDataKey(root, slot, index))];
      const listed = { Bucket: bucket, Prefix: slotDataFolder(root, slot, index) };
      const { Contents = [] } = this.#world.peek('s3', 'ListObjectsV2', listed);
      return Contents.map(({ ETag }) => this.#world.wholeEtag(ETag));
    });
  }

  /** URIs that the models of an endpoint config load; that of a folder ends with a slash. */
  modelDataOf(configName: string): string[] {
    try {
      const { ProductionVariants } = this.#world.peek('sagemaker', 'DescribeEndpointConfig', {
        EndpointConfigName: configName,
      });
      return ProductionVariants.flatMap(({ ModelName }) => this.#containersOf(ModelName)).flatMap(
        ({ ModelDataUrl, ModelDataSource }) => ModelDataUrl ?? ModelDataSource?.S3DataSource?.S3Uri ?? [],
      );
    } catch {
      return [];
    }
  }

  #containersOf(ModelName: string): ModelContainer[] {
    const { PrimaryContainer, Containers = [] } = this.#world.peek('sagemaker', 'DescribeModel', { ModelName });
    return PrimaryContainer ? [PrimaryContainer, ...Containers] : [...Containers];
  }

  #parameter(name: string): { readonly Value: string } {
    const [parameter] = this.#world.peek('ssm', 'GetParameters', { Names: [name] }).Parameters;
    if (!parameter) throw new Error(`there is no SSM parameter ${name}`);
    return parameter;
  }
}
