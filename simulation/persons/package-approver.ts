import type { World } from '../worlds/world.ts';
import type { Chooser } from './chooser.ts';

/** One registered package. */
interface RegisteredPackage {
  readonly arn: string;
  readonly version: number;
}

/** Registers, approves and rejects packages of the group that the model is from. */
export class PackageApprover implements Chooser {
  readonly #world: World;
  readonly #group: string;
  /** By the key of the model data. */
  readonly #registered = new Map<string, string>();

  constructor(world: World, group: string) {
    this.#world = world;
    this.#group = group;
  }

  /** Registers a package with the archive, and approves it. */
  async add(key: string): Promise<void> {
    const { ModelPackageArn } = await this.#world.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName: this.#group,
      InferenceSpecification: { Containers: [{ Image: 'iris:1', ModelDataUrl: `s3://${this.#world.bucket}/${key}` }] },
    });
    this.#registered.set(key, ModelPackageArn);
    await this.choose(key);
  }

  /** Makes the package with the archive the newest approved one: approves it, then rejects those after it. */
  async choose(key: string): Promise<void> {
    const arn = this.#registered.get(key) ?? '';
    await this.#set(arn, 'Approved');
    const approved = this.#approved();
    const version = approved.find((each) => each.arn === arn)?.version ?? 0;
    // The newest last: until then it serves.
    for (const later of approved.filter((each) => each.version > version)) await this.#set(later.arn, 'Rejected');
  }

  async remove(): Promise<void> {
    for (const { arn } of this.#approved()) await this.#set(arn, 'Rejected');
  }

  /** Oldest first. */
  #approved(): RegisteredPackage[] {
    const input = { ModelPackageGroupName: this.#group, ModelApprovalStatus: 'Approved', MaxResults: 100 };
    const { ModelPackageSummaryList } = this.#world.peek('sagemaker', 'ListModelPackages', input);
    return ModelPackageSummaryList.map(({ ModelPackageArn, ModelPackageVersion }) => ({
      arn: ModelPackageArn,
      version: ModelPackageVersion,
    })).sort((one, other) => one.version - other.version);
  }

  async #set(ModelPackageArn: string, ModelApprovalStatus: string): Promise<void> {
    await this.#world.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus });
  }
}
