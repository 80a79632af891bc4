import { type ObjectSource, type PackageSource, uriOf } from '@freshpoint/cdk/contract';
import { type ModelPackage, modelDataOf } from '../policy/model-package.ts';
import type { SourceFault } from '../policy/pointer.ts';
import type { ModelRegistry } from './sagemaker-registry.ts';

/** Model data that a package names, and what is at fault if there is no object. */
export interface PackagedObject {
  readonly target: ObjectSource;
  readonly dangling: SourceFault;
}

/**
 * Finds the model data of approved packages. Each group is asked once, so that the containers of a model get the data
 * of one package.
 */
export class ApprovedPackages {
  readonly #registry: ModelRegistry | undefined;
  readonly #newest = new Map<string, Promise<ModelPackage | undefined>>();

  constructor(registry: ModelRegistry | undefined) {
    this.#registry = registry;
  }

  /** Undefined: no package is approved. */
  async locate(source: PackageSource): Promise<PackagedObject | SourceFault | undefined> {
    const found = await this.#newestOf(source.packageGroup);
    if (!found) return undefined;
    const { arn, lastModified } = found;
    const fault = { uri: uriOf(source), etag: arn, lastModified };
    const target = modelDataOf(source, found);
    if (typeof target === 'string') return { ...fault, message: target };
    const message =
      `The package ${arn} names ${uriOf(target)}, where there is no object. Upload that object, or approve another ` +
      'package.';
    return { target, dangling: { ...fault, message } };
  }

  #newestOf(group: string): Promise<ModelPackage | undefined> {
    if (!this.#registry) throw new Error(`The model package group ${group} is read without a client of SageMaker.`);
    const newest = this.#newest.get(group) ?? this.#registry.newestApproved(group);
    this.#newest.set(group, newest);
    return newest;
  }
}
