import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Caller, Cloud } from '#simulator/core/cloud';
import { type ContainerSpec, LaunchFailure, type S3Data } from '#simulator/sagemaker/launcher';
import { parseS3Uri } from '#simulator/sagemaker/names';
import { downloadFailed, extractFailed } from '#simulator/sagemaker/reasons';
import {
  type ArchiveLimits,
  ArchiveRefused,
  DEFAULT_ARCHIVE_LIMITS,
  Members,
  memberPath,
  unpackArchive,
} from '../model-archive/index.ts';

export interface ModelDataSource {
  readonly cloud: Cloud;
  /** The caller with the permissions of the model's execution role. */
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly limits?: Partial<ArchiveLimits>;
  /** Takes what is unusual about an archive. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Loads a container's model data into `folder`, which must not exist yet, as SageMaker does into /opt/ml/model. Without
 * model data the folder is empty. Throws LaunchFailure, worded as in SageMaker.
 */
export async function loadModelData(container: ContainerSpec, folder: string, source: ModelDataSource): Promise<void> {
  const data: S3Data | undefined =
    container.modelDataSource ??
    (container.modelDataUrl === undefined
      ? undefined
      : { uri: container.modelDataUrl, type: 'S3Object', compression: 'Gzip' });
  if (!data) {
    await mkdir(folder);
    return;
  }
  await load(container.name, data, folder, source);
}

/** Loads one model of a multi-model container. Throws LaunchFailure. */
export async function loadTargetModel(
  container: ContainerSpec,
  target: string,
  folder: string,
  source: ModelDataSource,
): Promise<void> {
  const prefix = container.modelDataSource?.uri ?? container.modelDataUrl ?? '';
  const uri = `${prefix.replace(/\/$/, '')}/${target.replace(/^\//, '')}`;
  await load(container.name, { uri, type: 'S3Object', compression: 'Gzip' }, folder, source);
}

/** Loads the archive of code that SAGEMAKER_SUBMIT_DIRECTORY names. Throws LaunchFailure. */
export async function loadCode(
  container: ContainerSpec,
  uri: string,
  folder: string,
  source: ModelDataSource,
): Promise<void> {
  await load(container.name, { uri, type: 'S3Object', compression: 'Gzip' }, folder, source);
}

async function load(container: string, data: S3Data, folder: string, source: ModelDataSource): Promise<void> {
  try {
    const location = parseS3Uri(data.uri);
    if (!location) throw new Error(`"${data.uri}" is not an S3 URI.`);
    if (data.type === 'S3Prefix') await downloadPrefix(location.bucket, location.key, folder, source);
    else if (data.compression === 'Gzip') {
      const body = await open(location.bucket, location.key, source);
      const { signal, limits } = source;
      const { warnings } = await unpackArchive(body, folder, { uri: data.uri, signal, ...(limits && { limits }) });
      for (const warning of warnings) source.onWarning?.(warning);
    } else {
      await mkdir(folder);
      const name = memberPath(basename(location.key));
      await save(
        await open(location.bucket, location.key, source),
        join(folder, name),
        source.signal,
        new ByteBudget(source),
      );
    }
  } catch (error) {
    const reason =
      error instanceof ArchiveRefused
        ? extractFailed(container, data.uri, error.message)
        : downloadFailed(container, data.uri);
    throw new LaunchFailure(reason, error);
  }
}

/** The members of ListObjectsV2's output that are read here. */
interface ObjectPage {
  readonly Contents?: readonly { readonly Key: string }[];
  readonly IsTruncated?: boolean;
  readonly NextContinuationToken?: string;
}

/** Downloads all objects below a prefix. Their keys are checked like an archive's paths. */
async function downloadPrefix(bucket: string, prefix: string, folder: string, source: ModelDataSource): Promise<void> {
  const members = new Members({ ...DEFAULT_ARCHIVE_LIMITS, ...source.limits });
  const budget = new ByteBudget(source);
  await mkdir(folder);
  let files = 0;
  let ContinuationToken: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ...(ContinuationToken !== undefined && { ContinuationToken }) };
    const page: ObjectPage = await source.cloud.call<ObjectPage>('s3', 'ListObjectsV2', input, source.caller);
    for (const { Key } of page.Contents ?? []) {
      // Consoles write such objects to show an empty folder.
      if (Key.endsWith('/')) continue;
      const below = Key.slice(prefix.length).replace(/^\//, '');
      const path = memberPath(below === '' ? basename(Key) : below);
      members.add(path);
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await save(await open(bucket, Key, source), file, source.signal, budget);
      files++;
    }
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  if (files === 0) throw new Error(`There is no object below s3://${bucket}/${prefix}.`);
}

async function open(bucket: string, key: string, source: ModelDataSource): Promise<AsyncIterable<Uint8Array>> {
  source.signal.throwIfAborted();
  const input = { Bucket: bucket, Key: key };
  const { Body } = await source.cloud.call<{ Body: AsyncIterable<Uint8Array> }>(
    's3',
    'GetObject',
    input,
    source.caller,
  );
  return Body;
}

async function save(
  body: AsyncIterable<Uint8Array>,
  file: string,
  signal: AbortSignal,
  budget: ByteBudget,
): Promise<void> {
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        budget.spend(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  await pipeline(Readable.from(body, { objectMode: false }), counted, createWriteStream(file, { flags: 'wx' }), {
    signal,
  });
}

/** The limit of all files together, in bytes. */
class ByteBudget {
  readonly #max: number;
  #left: number;

  constructor(source: ModelDataSource) {
    this.#max = source.limits?.maxBytes ?? DEFAULT_ARCHIVE_LIMITS.maxBytes;
    this.#left = this.#max;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new ArchiveRefused(`The model data has more than ${this.#max} bytes. Make the model smaller.`);
    }
  }
}
