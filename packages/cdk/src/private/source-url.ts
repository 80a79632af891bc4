import { type IResolvable, Token, Tokenization } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ArchiveSource } from '../contract';

/** The `modelDataUrl` of a `ModelSource`. The construct replaces it by the URL of the slot data. */
export class SourceUrl implements IResolvable {
  public readonly creationStack: string[] = [];
  public readonly source: ArchiveSource;
  /** The bucket whose uploads change what the source chooses. Absent: uploads change nothing. */
  public readonly bucket?: IBucket;
  /** The buckets of the objects that a pointer or a package may name. */
  public readonly targets: readonly IBucket[];

  constructor(source: ArchiveSource, bucket: IBucket | undefined, targets: readonly IBucket[]) {
    this.source = source;
    this.bucket = bucket;
    this.targets = targets;
  }

  public resolve(): never {
    throw new Error(
      'The modelDataUrl of a ModelSource is used where there is no data per slot, expected modelDataUrl of a container ' +
        'in modelsProps of a SagemakerEndpoint.',
    );
  }

  public toString(): string {
    return Token.asString(this);
  }
}

/** The `ModelSource` behind a URL; undefined: another URL. */
export function sourceUrlOf(url: string | undefined): SourceUrl | undefined {
  if (url === undefined || !Token.isUnresolved(url)) return undefined;
  const { firstToken, length } = Tokenization.reverseString(url);
  return length === 1 && firstToken instanceof SourceUrl ? firstToken : undefined;
}
