import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** Where the slots' copies of the model data are kept, and for how long. */
export interface PerSlotOptions {
  /**
   * The bucket of the copies. It must keep versions, or one can only go back to what the other slot holds. What nobody
   * needs any more expires if the bucket belongs to the app; for an imported bucket a warning says which rule to add.
   *
   * @default - one per stack, made with the first endpoint that needs it: encrypted by S3, TLS only, without public
   * access, kept when the stack is deleted
   */
  readonly bucket?: IBucket;

  /**
   * How many revisions before those that the slots hold can be gone back to. 1 to 100.
   *
   * @default 5
   */
  readonly retainRevisions?: number;

  /**
   * KMS keys that encrypt sources outside `modelsBucket`: the refresher is allowed to decrypt with them. The key of
   * `modelsBucket` need not be named, unless that is imported without its key. A `bucket` with a key must be passed with it.
   *
   * @default - none
   */
  readonly sourceKeys?: IKey[];
}

/** What the models load: copies of their own, or what lies at the sources. */
export class ModelData {
  /**
   * Each slot's models load from a place that only the refresher writes. What is served never changes under the fleet:
   * scale-out, patching and rollback see the bytes that the slot was given, and going back is a swap.
   *
   * Holds for archives (`.tar.gz`) of single-model containers. Multi-model containers and uncompressed data stay in
   * place by themselves.
   */
  public static perSlot(options: PerSlotOptions = {}): ModelData {
    return new ModelData(options);
  }

  /**
   * Both slots' models load the sources themselves. An overwritten source then gives a fleet with two models as soon as
   * an instance starts later ("Changing or deleting model artifacts … after deploying a model produces unpredictable
   * results", AWS: "Deploy models for real-time inference").
   */
  public static inPlace(): ModelData {
    return new ModelData(undefined);
  }

  /**
   * Absent: in place.
   *
   * @internal
   */
  public readonly _perSlot?: PerSlotOptions;

  private constructor(perSlot: PerSlotOptions | undefined) {
    this._perSlot = perSlot;
  }
}
