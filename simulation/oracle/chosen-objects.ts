import { affixesOf, groupOf, kindOf } from '../worlds/source-names.ts';
import type { World } from '../worlds/world.ts';
import { type DanglingPointer, type FoundObject, foundBelow, headObject } from './found-objects.ts';

const S3_URI = /s3:\/\/[^/]+\/(?<key>[^\s"]+)/;

/** The object that is the source with this name, or that it chooses; undefined: there is none. */
export function readNamed(world: World, name: string): FoundObject | DanglingPointer | undefined {
  switch (kindOf(name)) {
    case 'package':
      return readPackage(world, name);
    case 'newest':
      return readNewest(world, name);
    case 'pointer':
      return readPointer(world, name);
    case undefined:
      return headObject(world, name);
  }
}

/** The object of the approved package with the highest version. */
function readPackage(world: World, name: string): FoundObject | undefined {
  const approved = { ModelPackageGroupName: groupOf(name), ModelApprovalStatus: 'Approved', MaxResults: 100 };
  const { ModelPackageSummaryList: listed } = world.peek('sagemaker', 'ListModelPackages', approved);
  const [newest] = listed.toSorted((one, other) => other.ModelPackageVersion - one.ModelPackageVersion);
  if (!newest) return undefined;
  const described = { ModelPackageName: newest.ModelPackageArn };
  const found = world.peek('sagemaker', 'DescribeModelPackage', described);
  const url = found.InferenceSpecification.Containers[0].ModelDataUrl;
  const object = headObject(world, S3_URI.exec(url)?.groups?.key ?? '');
  if (!object) throw new Error(`there is no object at ${url}`);
  const approvedAt = (found.LastModifiedTime ?? found.CreationTime).getTime();
  return { ...object, name, modified: Math.max(object.modified, approvedAt) };
}

/** The latest LastModified; of several, the last key. */
function readNewest(world: World, name: string): FoundObject | undefined {
  const { prefix, suffix } = affixesOf(name);
  const matching = foundBelow(world, prefix).filter(({ key }) => key.endsWith(suffix));
  const [newest] = matching.toSorted((one, other) => other.modified - one.modified || (one.key < other.key ? 1 : -1));
  const object = newest && headObject(world, newest.key);
  return object && { ...object, name };
}

/** What the pointer names. */
function readPointer(world: World, name: string): FoundObject | DanglingPointer | undefined {
  const pointer = headObject(world, name);
  if (!pointer) return undefined;
  const { etag, modified } = pointer;
  const key = S3_URI.exec(world.textOf(etag) ?? '')?.groups?.key;
  const object = key === undefined ? undefined : headObject(world, key);
  if (!object) return { name, etag, modified };
  return { ...object, name, modified: Math.max(object.modified, modified) };
}
