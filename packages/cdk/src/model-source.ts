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

/** Options of `ModelSource.pointer`. */
export interface PointerOptions {
  /**
   * The buckets that the pointer may name an archive in. The refresher may read every object in them, and refuses a
   * pointer to any other bucket.
   *
   * @default - the pointer's bucket
   */
  readonly targetBuckets?: IBucket[];
}

/** Options of `ModelSource.approvedPackage`. */
export interface ApprovedPackageOptions {
  /**
   * The buckets that hold the model data of the packages. The refresher may read every object in them, and refuses a
   * package with model data in any other bucket.
   */
  readonly targetBuckets: IBucket[];
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

  /**
   * The archive that a small object, the pointer, names: its text is the archive's `s3://` URI, or JSON with the URI as
   * `uri` or `modelDataUrl`, at most 4 KB. Upload the pointer to release a model, or to return to an earlier one.
   *
   * A pointer that names no archive is quarantined with a message. EventBridge delivery of the pointer's bucket is
   * enabled like that of `modelsBucket`, and the endpoint gets an event pattern for the pointer.
   *
   * @param bucket the bucket of the pointer
   * @param key the key of the pointer, for example `models/current.txt`
   */
  public static pointer(bucket: IBucket, key: string, options: PointerOptions = {}): ModelSource {
    const { targetBuckets = [bucket] } = options;
    const targets = targetBuckets.map(({ bucketName }) => bucketName);
    return new ModelSource(bucket, { bucket: bucket.bucketName, pointer: key, targets }, targetBuckets);
  }

  /**
   * The model data of the newest package in a group of the SageMaker Model Registry whose `ModelApprovalStatus` is
   * `Approved`. Approve a package to deploy it; reject the one that serves to return to the newest one approved before.
   *
   * Pass the `modelDataUrl` to each container of the model. It gets the model data of the package's container with its
   * `containerHostname`, if the package's containers have one, and else of the container at the same position.
   *
   * The endpoint gets an event pattern for the packages of the group.
   *
   * @param group the name of the model package group, or its ARN if it is in another account: that account's policy of
   * the group must allow `sagemaker:ListModelPackages` and `sagemaker:DescribeModelPackage`
   */
  public static approvedPackage(group: string, options: ApprovedPackageOptions): ModelSource {
    const { targetBuckets } = options;
    const targets = targetBuckets.map(({ bucketName }) => bucketName);
    const container = { index: 0, count: 1 };
    return new ModelSource(undefined, { packageGroup: group, container, targets }, targetBuckets);
  }

  /** For the `modelDataUrl` of a container in `modelsProps`. It can be used nowhere else. */
  public readonly modelDataUrl: string;

  private constructor(bucket: IBucket | undefined, source: ArchiveSource, targets: readonly IBucket[] = []) {
    this.modelDataUrl = Token.asString(new SourceUrl(source, bucket, targets));
  }
}
