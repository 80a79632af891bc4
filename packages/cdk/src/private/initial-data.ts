import { Resource, Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { InitialModelData, ObjectSource } from '../contract';
import type { DeclaredModel } from './declared-models';
import { type LoadedSource, modelSources, sourceObjects } from './sources';
import { isElsewhere } from './undetected-uploads';

/** The assets that are copied to the models' sources, and what is wrong with them. */
export interface InitialDataPlan {
  readonly objects: readonly InitialModelData[];
  readonly problems: readonly string[];
}

/** Reads `initialModelData` of all models. */
export function planInitialData(models: readonly DeclaredModel[], bucket: IBucket, stack: Stack): InitialDataPlan {
  const objects = new Map<string, InitialModelData>();
  const problems: string[] = [];
  for (const { id, declared } of models) {
    const asset = declared.initialModelData;
    if (!asset) continue;
    const where = `initialModelData of model "${id}"`;
    const found = onlyObject(modelSources([{ id, declared }], stack).sources);
    if (!asset.isFile) problems.push(`${where} is a folder, expected a .tar.gz file. Pass the path of an archive.`);
    if (typeof found === 'string') {
      problems.push(`${where} needs exactly one archive at a readable URL, but the model has ${found}. Omit it.`);
    } else if (isElsewhere(found.bucket, bucket)) {
      problems.push(
        `${where} would be copied to s3://${found.bucket}/${found.key}, which is not in modelsBucket ` +
          `(${bucket.node.path}). Load the model from there, or omit it.`,
      );
    } else {
      const uri = `${found.bucket}/${found.key}`;
      const from = { bucket: asset.s3BucketName, key: asset.s3ObjectKey };
      const other = objects.get(uri);
      if (other && stack.resolve(other.from.key) !== stack.resolve(from.key)) {
        problems.push(`${where} differs from that of another model with the same URL. Pass the same asset to both.`);
      }
      objects.set(uri, { from, to: found });
    }
  }
  return { objects: [...objects.values()], problems };
}

/** The object that all of the model's containers load; or a text that says what they load instead. */
function onlyObject(sources: readonly LoadedSource[]): ObjectSource | string {
  const objects = new Map(
    sources.flatMap(({ source }) => ('key' in source ? [[`${source.bucket}/${source.key}`, source] as const] : [])),
  );
  const [object] = objects.values();
  if (sources.some(({ source }) => !('key' in source))) return 'a prefix';
  return object && objects.size === 1 ? object : `${objects.size}`;
}

/** Whether each object that the models load from the bucket has initial data. */
export function hasInitialData(models: readonly DeclaredModel[], bucket: IBucket, stack: Stack): boolean {
  return models.every(
    ({ id, declared }) =>
      declared.initialModelData !== undefined ||
      modelSources([{ id, declared }], stack).sources.every(({ source }) =>
        sourceObjects(source).every((objects) => isElsewhere(objects.bucket, bucket)),
      ),
  );
}

/** Names of the buckets that the stack itself creates, of these. */
export function bucketsOfStack(stack: Stack, buckets: readonly IBucket[]): string[] {
  const own = buckets.filter((bucket) => Resource.isOwnedResource(bucket) && Stack.of(bucket) === stack);
  return [...new Set(own.map(({ bucketName }) => bucketName))];
}
