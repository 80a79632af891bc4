import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** Options of `ModelData.perSlot`. */
export interface PerSlotOptions {
  /**
   * The bucket that holds the slot data, the stored revisions, and the endpoint's state and history. It needs neither
   * versions nor lifecycle rules: the refresher removes old revisions itself. In a versioned bucket, they continue to
   * cost storage as noncurrent versions until a lifecycle rule expires them.
   *
   * @default - one bucket per stack: encrypted by S3, TLS only, no public access, kept when the stack is deleted
   */
  readonly bucket?: IBucket;

  /**
   * Number of revisions that are kept for rollbacks, those in the slots included. 2 to 100.
   *
   * The bucket holds as many copies of the model data, and one more for each slot.
   *
   * @default 5
   */
  readonly retainRevisions?: number;

  /**
   * KMS keys of sources that are encrypted with another key than that of `modelsBucket`. The refresher is allowed to
   * decrypt with them.
   *
   * The key of `modelsBucket` is added automatically, unless the bucket is imported without its key.
   *
   * @default - none
   */
  readonly sourceKeys?: IKey[];
}

/** Options of `ModelData.inPlace`. */
export interface InPlaceOptions {
  /**
   * The bucket that holds the endpoint's state and history. It needs neither versions nor lifecycle rules.
   *
   * @default - one bucket per stack: encrypted by S3, TLS only, no public access, kept when the stack is deleted
   */
  readonly bucket?: IBucket;
}

/** How the models of an endpoint get their model data. */
export class ModelData {
  /**
   * The models of each slot load their own copies of the sources, which only the refresher writes.
   *
   * The data in use never changes: instances that start later, for example to scale out, load the same bytes as the
   * others, and a rollback is a swap.
   *
   * Applies to single-model containers: to archives (`.tar.gz`), and to uncompressed data (`S3Prefix`) below a prefix
   * that ends with a slash. Multi-model containers and single uncompressed objects always stay in place.
   */
  public static perSlot(options: PerSlotOptions = {}): ModelData {
    return new ModelData(options.bucket, options);
  }

  /**
   * The models of both slots load the sources in place.
   *
   * After a source is overwritten, an instance that starts later loads other bytes than the instances before it. AWS
   * advises against that: "Changing or deleting model artifacts … after deploying a model produces unpredictable
   * results" ("Deploy models for real-time inference", SageMaker AI Developer Guide).
   */
  public static inPlace(options: InPlaceOptions = {}): ModelData {
    return new ModelData(options.bucket);
  }

  /**
   * Absent: in place.
   *
   * @internal
   */
  public readonly _perSlot?: PerSlotOptions;

  /**
   * The given data bucket. Absent: that of the stack.
   *
   * @internal
   */
  public readonly _bucket?: IBucket;

  private constructor(bucket: IBucket | undefined, perSlot?: PerSlotOptions) {
    this._bucket = bucket;
    this._perSlot = perSlot;
  }
}
