import { type ObjectSource, type PackageSource, uriOf } from '@freshpoint/cdk/contract';
import { objectAtUrl } from './object-url.ts';

/** A container of a model package. */
export interface PackagedContainer {
  /** ContainerHostname. Absent: it has none. */
  readonly hostname?: string;
  /** URL of its model data. Absent: it has none. */
  readonly url?: string;
  /** `archive`: one gzipped tar archive. */
  readonly format: 'archive' | 'uncompressed';
}

/** A version of a model package group. */
export interface ModelPackage {
  readonly arn: string;
  /** Its approval changes that, epoch ms. */
  readonly lastModified: number;
  readonly containers: readonly PackagedContainer[];
}

/** What a listing says about a package. */
export interface ListedPackage {
  readonly arn: string;
  readonly version: number;
  /** ModelPackageStatus. */
  readonly status: string;
}

/** The newest of some packages: the one with the highest version, of those that SageMaker has completed. */
export function newestPackage(packages: readonly ListedPackage[]): ListedPackage | undefined {
  const completed = packages.filter(({ status }) => status === 'Completed');
  return completed.toSorted((one, other) => other.version - one.version)[0];
}

/** The object that the package has for the source; a text: why there is none. Pure. */
export function modelDataOf(source: PackageSource, found: ModelPackage): ObjectSource | string {
  const { arn } = found;
  const container = containerOf(source, found);
  if (typeof container === 'string') return container;
  const { url, format } = container;
  if (url === undefined) {
    return (
      `The package ${arn} has no model data for ${uriOf(source)}. Approve a package that has, or omit modelDataUrl of ` +
      'the container.'
    );
  }
  const object = format === 'archive' ? objectAtUrl(url) : undefined;
  if (!object) {
    const got = format === 'archive' ? `at ${url}` : `uncompressed, at ${url}`;
    return `The package ${arn} has model data ${got}, expected one .tar.gz archive in S3. Approve a package of one.`;
  }
  if (!source.targets.includes(object.bucket)) {
    const allowed = source.targets.join(', ');
    return (
      `The package ${arn} has model data in the bucket ${object.bucket}, expected one of: ${allowed}. Approve a package ` +
      'with model data there, or add the bucket to targetBuckets of ModelSource.approvedPackage.'
    );
  }
  return object;
}

/** By ContainerHostname, where the package and the model have some; else by order. A text: they do not match. */
function containerOf(
  { container: { index, count, hostname } }: PackageSource,
  { arn, containers }: ModelPackage,
): PackagedContainer | string {
  const todo = 'Approve a package that matches, or deploy a model with its containers.';
  if (containers.length !== count) {
    return `The package ${arn} has ${containers.length} containers, but the model has ${count}. ${todo}`;
  }
  const hostnames = containers.flatMap((each) => each.hostname ?? []);
  const isNamed = hostname !== undefined && hostnames.length > 0;
  const found = isNamed ? containers.find((each) => each.hostname === hostname) : containers[index];
  if (found) return found;
  return `The package ${arn} has no container with the ContainerHostname ${hostname}, but ${hostnames.join(', ')}. ${todo}`;
}
