import type { World } from '../worlds/world.ts';

/** One registered package. */
interface RegisteredPackage {
  readonly arn: string;
  readonly version: number;
}

/** Registers, approves and rejects packages of the group that the model is from. */
export class PackageApprover {
  readonly #world: World;
  readonly #group: string;
  /** By the bytes of the model data. */
  readonly #registered = new Map<string, string>();
  #uploads = 0;

  constructor(world: World, group: string) {
    this.#world = world;
    this.#group = group;
  }

  /** A key that no upload has had. */
  nextKey(): string {
    this.#uploads += 1;
    return `packages/${this.#uploads}/model.tar.gz`;
  }

  /** Whether a package has these bytes. */
  has(bytes: string): boolean {
    return this.#registered.has(bytes);
  }

  /** Registers a package with the object at the key, which has these bytes. */
  async register(key: string, bytes: string): Promise<void> {
    const { ModelPackageArn } = await this.#world.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName: this.#group,
      InferenceSpecification: { Containers: [{ Image: 'iris:1', ModelDataUrl: `s3://${this.#world.bucket}/${key}` }] },
    });
    this.#registered.set(bytes, ModelPackageArn);
  }

  /** Makes the package with these bytes the newest approved one: approves it, then rejects those after it. */
  async approve(bytes: string): Promise<void> {
    const arn = this.#registered.get(bytes) ?? '';
    await this.#set(arn, 'Approved');
    const approved = this.#approved();
    const version = approved.find((each) => each.arn === arn)?.version ?? 0;
    // The newest last: until then it serves.
    for (const later of approved.filter((each) => each.version > version)) await this.#set(later.arn, 'Rejected');
  }

  async rejectAll(): Promise<void> {
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
