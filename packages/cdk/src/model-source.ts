import { Token } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ArchiveSource } from './contract';
import { SourceUrl } from './private/source-url';

/** Options of `ModelSource.newestBelow`. */
export interface NewestBelowOptions {
  /**
   * What the archive's key begins with, for example `training/`.
   *
   * @default - all keys
   */
  readonly prefix?: string;

  /**
   * What the archive's key ends with, for example `/output/model.tar.gz`.
   *
   * @default '.tar.gz'
   */
  readonly suffix?: string;
}

/**
 * Model data that is not always the same object. Pass its `modelDataUrl` to a container of `modelsProps`, and the
 * container loads a copy of the archive that the source chooses.
 *
 * Requires model data per slot.
 */
export class ModelSource {
  /**
   * The newest archive whose key has this prefix and suffix; of several that are as new, the last by key. For archives
   * that get a new key each, as those of training jobs: `<output>/<job>/output/model.tar.gz`.
   *
   * When the newest archive is deleted, the one before it is the newest again. EventBridge delivery of the bucket is
   * enabled like that of `modelsBucket`, and the endpoint gets an event pattern for such archives.
   *
   * @param bucket the bucket of the archives
   */
  public static newestBelow(bucket: IBucket, options: NewestBelowOptions = {}): ModelSource {
    const { prefix = '', suffix = '.tar.gz' } = options;
    return new ModelSource(bucket, { bucket: bucket.bucketName, newestBelow: prefix, suffix });
  }

  /** For the `modelDataUrl` of a container in `modelsProps`. It can be used nowhere else. */
  public readonly modelDataUrl: string;

  /** @internal */
  public readonly _bucket: IBucket;
  /** @internal */
  public readonly _source: ArchiveSource;

  private constructor(bucket: IBucket, source: ArchiveSource) {
    this._bucket = bucket;
    this._source = source;
    this.modelDataUrl = Token.asString(new SourceUrl(source, bucket));
  }
}
