import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Caller, Cloud } from '#simulator/core/cloud';
import { LaunchFailure } from '#simulator/sagemaker/launcher';
import { parseS3Uri } from '#simulator/sagemaker/names';
import { downloadFailed, extractFailed } from '#simulator/sagemaker/reasons';
import { ArchiveRefused, DEFAULT_ARCHIVE_LIMITS, memberPath, unpackArchive } from '../model-archive/index.ts';
import type { InstanceContext, ModelSpec } from './launcher-extras.ts';

/**
 * Loads the model's data into its folder, which must not exist yet, as SageMaker does into /opt/ml/model. Without data
 * the folder is empty. Throws LaunchFailure, worded as in SageMaker.
 */
export async function loadModelData(context: InstanceContext, model: ModelSpec): Promise<void> {
  const { data, folder, container, signal } = model;
  if (!data) {
    await mkdir(folder);
    return;
  }
  const { uri, type, compression } = data;
  const source: S3Source = { cloud: context.deps.cloud, caller: context.spec.caller, signal };
  const log = (message: string) => context.log(container, message, 'stderr');
  try {
    const { bucket, key } = parseS3Uri(uri) ?? {};
    if (bucket === undefined || key === undefined) throw new Error(`"${uri}" is not an S3 URI.`);
    if (type === 'S3Prefix') await download(bucket, filesBelow(bucket, key, source), folder, source);
    else if (compression === 'None') await download(bucket, [{ key, path: basename(key) }], folder, source);
    else {
      const { warnings } = await unpackArchive(await open(bucket, key, source), folder, { uri, signal });
      for (const warning of warnings) log(`Warning: ${warning}`);
    }
  } catch (error) {
    const { message } = error as Error;
    log(message);
    const isRefused = error instanceof ArchiveRefused;
    const reason = isRefused ? extractFailed(container.name, uri, message) : downloadFailed(container.name, uri);
    throw new LaunchFailure(reason, error);
  }
}

/** From where data is read, by the caller with the permissions of the model's execution role. */
interface S3Source {
  readonly cloud: Cloud;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** An object, and its path in the folder of the model. */
interface ModelFile {
  readonly key: string;
  readonly path: string;
}

/** All objects below a prefix. Throws if there is none. */
async function* filesBelow(Bucket: string, Prefix: string, { cloud, caller }: S3Source): AsyncGenerator<ModelFile> {
  type Page = { readonly Contents?: readonly { readonly Key: string }[]; readonly NextContinuationToken?: string };
  let isEmpty = true;
  let ContinuationToken: string | undefined;
  do {
    const page: Page = await cloud.call<Page>('s3', 'ListObjectsV2', { Bucket, Prefix, ContinuationToken }, caller);
    for (const { Key: key } of page.Contents ?? []) {
      // Consoles write such objects to show an empty folder.
      if (key.endsWith('/')) continue;
      isEmpty = false;
      yield { key, path: key.slice(Prefix.length).replace(/^\//, '') || basename(key) };
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  if (isEmpty) throw new Error(`There is no object below s3://${Bucket}/${Prefix}.`);
}

/** Downloads objects. Their paths and sizes are checked like an archive's. Throws ArchiveRefused. */
async function download(
  bucket: string,
  files: AsyncIterable<ModelFile> | Iterable<ModelFile>,
  folder: string,
  source: S3Source,
): Promise<void> {
  const { maxEntries, maxBytes } = DEFAULT_ARCHIVE_LIMITS;
  let entries = 0;
  let bytes = 0;
  async function* counted(body: AsyncIterable<Uint8Array>) {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new ArchiveRefused(`The model data has more than ${maxBytes} bytes. Make the model smaller.`);
      }
      yield chunk;
    }
  }
  await mkdir(folder);
  for await (const { key, path } of files) {
    entries += 1;
    if (entries > maxEntries) {
      throw new ArchiveRefused(`The model data has more than ${maxEntries} files. Store fewer files.`);
    }
    const file = join(folder, memberPath(path));
    try {
      await mkdir(dirname(file), { recursive: true });
      const body = counted(await open(bucket, key, source));
      await pipeline(body, createWriteStream(file, { flags: 'wx' }), { signal: source.signal });
    } catch (error) {
      // A key is below another one, or differs from it in what a path has not, for example "//".
      if (!['EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      throw new ArchiveRefused(`The path of "${key}" conflicts with that of another object. Rename one of them.`);
    }
  }
}

async function open(Bucket: string, Key: string, source: S3Source): Promise<AsyncIterable<Uint8Array>> {
  source.signal.throwIfAborted();
  type Output = { readonly Body: AsyncIterable<Uint8Array> };
  return (await source.cloud.call<Output>('s3', 'GetObject', { Bucket, Key }, source.caller)).Body;
}
