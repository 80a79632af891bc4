import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { PartialCopy } from '../policy/lease.ts';
import { unquoteETag } from '../policy/revision.ts';
import type { StagingOptions } from '../ports.ts';
import { type Client, ifFound, send } from './client.ts';
import { inParallel } from './parallel.ts';
import { type CopyOutcome, copyObject } from './s3-copy.ts';
import type { Copy, CopyLimits } from './s3-copy-request.ts';

/** Objects that are checked and copied at once, where one request copies each. S3 answers 3,500 copies a second. */
export const PARALLEL_COPIES = 100;
/** Metadata of each copy: the revision that it is part of. */
const REVISION_METADATA = 'freshpoint-revision';

/** One object to copy, unless it is there already. */
export type PlannedCopy = Omit<Copy, 'over' | 'metadata'>;

export type CopySetOutcome =
  /** `etags`: of the copies, by key. */
  | { readonly kind: 'copied'; readonly etags: ReadonlyMap<string, string> }
  | Exclude<CopyOutcome, { kind: 'copied' | 'unfinished' }>
  | { readonly kind: 'unfinished'; readonly partialCopy?: PartialCopy };

export type CopySetOptions = StagingOptions & { readonly limits: CopyLimits; readonly revision: string };

/**
 * Copies the objects of a revision that are not there yet: small ones together, then large ones in parts, one after the
 * other. When time is up, it stops; a later call continues.
 */
export async function copySet(
  client: Client,
  copies: readonly PlannedCopy[],
  options: CopySetOptions,
): Promise<CopySetOutcome> {
  const { limits, isTimeUp } = options;
  const small = copies.filter(({ size }) => size <= limits.maxWholeBytes);
  const large = copies.filter(({ size }) => size > limits.maxWholeBytes);
  const etags = new Map<string, string>();
  const failures = await inParallel(
    small,
    async (copy) => {
      const outcome = await copyMissing(client, copy, options);
      if (outcome.kind !== 'copied') throw new CopyStopped(outcome);
      etags.set(copy.to.key, outcome.etag);
    },
    { limit: PARALLEL_COPIES, isTimeUp },
  );
  const stopped = failures.find((failure) => failure instanceof CopyStopped);
  if (stopped) return stopped.outcome;
  if (failures.length > 0) throw failures[0];
  for (const copy of large) {
    if (etags.size > 0 && isTimeUp()) break;
    const outcome = await copyMissing(client, copy, options);
    if (outcome.kind !== 'copied') return outcome;
    etags.set(copy.to.key, outcome.etag);
  }
  return etags.size < copies.length ? { kind: 'unfinished' } : { kind: 'copied', etags };
}

type NotCopied = Exclude<CopyOutcome, { kind: 'copied' }>;

/** An object was not copied, for a reason that is no error. */
class CopyStopped extends Error {
  readonly outcome: NotCopied;

  constructor(outcome: NotCopied) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

async function copyMissing(client: Client, copy: PlannedCopy, options: CopySetOptions): Promise<CopyOutcome> {
  const { revision } = options;
  const current = await headCopy(client, copy.to);
  if (current?.revision === revision && current.size === copy.size) return { kind: 'copied', etag: current.etag };
  return copyObject(client, { ...copy, over: current?.etag, metadata: { [REVISION_METADATA]: revision } }, options);
}

/** A copy as it is stored. */
export interface StoredCopy {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** The revision that it is part of; absent: another writer stored the object. */
  readonly revision?: string;
}

/** Undefined: there is no object. */
export async function headCopy(client: Client, { bucket, key }: Copy['to']): Promise<StoredCopy | undefined> {
  const object = await ifFound(() => send(client, new HeadObjectCommand({ Bucket: bucket, Key: key })));
  if (!object) return undefined;
  const { ETag = '', ContentLength = 0, Metadata = {} } = object;
  return { etag: unquoteETag(ETag), size: ContentLength, revision: Metadata[REVISION_METADATA] };
}
