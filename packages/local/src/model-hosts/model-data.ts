import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Caller, Cloud } from '#simulator/core/cloud';
import { LaunchFailure, type S3Data } from '#simulator/sagemaker/launcher';
import { parseS3Uri } from '#simulator/sagemaker/names';
import { downloadFailed, extractFailed } from '#simulator/sagemaker/reasons';
import { type ArchiveLimits, ArchiveRefused, memberPath, unpackArchive } from '../model-archive/index.ts';

export interface ModelDataSource {
  /** The container's name in reasons: `container_1`. */
  readonly container: string;
  readonly cloud: Cloud;
  /** The caller with the permissions of the model's execution role. */
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly limits: ArchiveLimits;
  /** Takes what is unusual about an archive, and why data cannot be loaded. */
  readonly log: (message: string) => void;
}

/**
 * Loads data into `folder`, which must not exist yet, as SageMaker does into /opt/ml/model. Without data the folder is
 * empty. Throws LaunchFailure, worded as in SageMaker.
 */
export async function loadModelData(data: S3Data | undefined, folder: string, source: ModelDataSource): Promise<void> {
  if (!data) {
    await mkdir(folder);
    return;
  }
  try {
    const { bucket, key } = parseS3Uri(data.uri) ?? {};
    if (bucket === undefined || key === undefined) throw new Error(`"${data.uri}" is not an S3 URI.`);
    if (data.type === 'S3Prefix') await download(bucket, filesBelow(bucket, key, source), folder, source);
    else if (data.compression === 'None') await download(bucket, [{ key, path: basename(key) }], folder, source);
    else {
      const body = await open(bucket, key, source);
      const { warnings } = await unpackArchive(body, folder, { ...source, uri: data.uri });
      for (const warning of warnings) source.log(`Warning: ${warning}`);
    }
  } catch (error) {
    const { message } = error as Error;
    source.log(message);
    const isRefused = error instanceof ArchiveRefused;
    const reason = isRefused
      ? extractFailed(source.container, data.uri, message)
      : downloadFailed(source.container, data.uri);
    throw new LaunchFailure(reason, error);
  }
}

/** An object, and its path in the folder of the model. */
interface ModelFile {
  readonly key: string;
  readonly path: string;
}

/** All objects below a prefix. Throws if there is none. */
async function* filesBelow(
  Bucket: string,
  Prefix: string,
  { cloud, caller }: ModelDataSource,
): AsyncGenerator<ModelFile> {
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
  source: ModelDataSource,
): Promise<void> {
  const { maxEntries, maxBytes } = source.limits;
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

async function open(Bucket: string, Key: string, source: ModelDataSource): Promise<AsyncIterable<Uint8Array>> {
  source.signal.throwIfAborted();
  type Output = { readonly Body: AsyncIterable<Uint8Array> };
  return (await source.cloud.call<Output>('s3', 'GetObject', { Bucket, Key }, source.caller)).Body;
}
