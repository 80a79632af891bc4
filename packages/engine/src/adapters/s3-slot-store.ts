import { HeadObjectCommand, ListObjectVersionsCommand, type ListObjectVersionsOutput } from '@aws-sdk/client-s3';
import { type Slot, type SlotData, slotDataKey } from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';
import { unquoteETag } from '../policy/revision.ts';
import type { SlotStore, StagingSource } from '../ports.ts';
import { type Client, isNamed, pages, send } from './client.ts';
import { COPY_LIMITS, copyObject } from './s3-copy.ts';
import type { Copy } from './s3-copy-request.ts';

// Names of the metadata of each object of slot data.
const REVISION = 'freshpoint-revision';
const SOURCE = 'freshpoint-source';
const ETAG = 'freshpoint-etag';
const VERSION = 'freshpoint-version';

/** One object of slot data. */
interface SlotObject {
  readonly etag: string;
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Slot data in S3. Each object's metadata names its revision, so there is no other record of what a slot holds. */
export function s3SlotStore(client: Client, limits = COPY_LIMITS): SlotStore {
  const objectsOf = ({ bucket, root, files }: SlotData, slot: Slot) =>
    Promise.all(files.map((_, index) => headObject(client, { bucket, key: slotDataKey(root, slot, index) })));

  return {
    async observe(data) {
      const [a, b] = await Promise.all([objectsOf(data, 'a'), objectsOf(data, 'b')]);
      return { ...revisionIn('a', a), ...revisionIn('b', b) };
    },
    async contents(data, slot) {
      return (await objectsOf(data, slot)).flatMap((object) => (object ? sourceOf(object) : []));
    },
    async stage(data, { slot, revision, from }, options) {
      const { bucket, root } = data;
      const existing = await objectsOf(data, slot);
      const copies = await copiesFor(client, data, revision, from);
      const incomplete = { kind: from.kind === 'retained' ? 'not-retained' : 'changed' } as const;
      if (!copies) return incomplete;
      for (const [index, copy] of copies.entries()) {
        const current = existing[index];
        if (current?.metadata[REVISION] === revision) continue;
        const to = { bucket, key: slotDataKey(root, slot, index) };
        const outcome = await copyObject(client, { ...copy, to, over: current?.etag }, { ...options, limits });
        if (outcome.kind === 'gone') return incomplete;
        if (outcome.kind !== 'copied') return outcome;
        if (options.isTimeUp() && index < copies.length - 1) return { kind: 'unfinished' };
      }
      return { kind: 'staged' };
    },
  };
}

function revisionIn<S extends Slot>(
  slot: S,
  objects: readonly (SlotObject | undefined)[],
): { readonly [slot in S]?: string } {
  const revision = objects[0]?.metadata[REVISION];
  const isWhole = revision !== undefined && objects.every((each) => each?.metadata[REVISION] === revision);
  return (isWhole ? { [slot]: revision } : {}) as { readonly [slot in S]?: string };
}

type Draft = Omit<Copy, 'to' | 'over'>;

/** One copy per file of the slot data, in their order; undefined when one of them has nothing to copy from. */
async function copiesFor(
  client: Client,
  data: SlotData,
  revision: string,
  from: StagingSource,
): Promise<readonly Draft[] | undefined> {
  const drafts = await draftsFor(client, data, revision, from);
  const found = drafts.filter((draft) => draft !== undefined);
  return found.length === drafts.length ? found : undefined;
}

async function draftsFor(
  client: Client,
  data: SlotData,
  revision: string,
  from: StagingSource,
): Promise<(Draft | undefined)[]> {
  const { bucket, root, files } = data;
  switch (from.kind) {
    case 'sources':
      return files.map((file) => {
        const source = from.files.find((each) => each.bucket === file.bucket && each.key === file.key);
        // Pinned to the ETag, not to the version: copying an old version would succeed and miss newer bytes.
        return source && ofSource(source, revision);
      });
    case 'slot':
      return Promise.all(
        files.map(async (_, index) => {
          const key = slotDataKey(root, from.slot, index);
          const object = await headObject(client, { bucket, key });
          return object && ofSlotObject(object, { bucket, key }, revision);
        }),
      );
    case 'retained':
      return retained(client, data, revision);
  }
}

function ofSource({ bucket, key, etag, size, version }: SourceFile, revision: string): Draft {
  const metadata = {
    [REVISION]: revision,
    // S3 metadata is ASCII.
    [SOURCE]: encodeURI(`s3://${bucket}/${key}`),
    [ETAG]: etag,
    ...(version !== undefined && { [VERSION]: version }),
  };
  return { from: { bucket, key }, etag, size, metadata, ...(version !== undefined && { seen: version }) };
}

function ofSlotObject({ etag, size, metadata }: SlotObject, from: Draft['from'], revision: string): Draft {
  return { from, etag, size, metadata: { ...metadata, [REVISION]: revision } };
}

/** Copies of the newest object version with the revision, among the data of both slots. */
async function retained(
  client: Client,
  { bucket, root, files }: SlotData,
  revision: string,
): Promise<(Draft | undefined)[]> {
  const found: (Draft | undefined)[] = files.map(() => undefined);
  const indexes = new Map(
    (['a', 'b'] as const).flatMap((slot) => files.map((_, index) => [slotDataKey(root, slot, index), index] as const)),
  );
  for await (const page of versionPages(client, bucket, root)) {
    for (const { Key = '', VersionId } of page.Versions ?? []) {
      const index = indexes.get(Key);
      if (index === undefined || found[index] || VersionId === undefined) continue;
      const from = { bucket, key: Key, version: VersionId };
      const object = await headObject(client, from);
      if (object?.metadata[REVISION] === revision) found[index] = ofSlotObject(object, from, revision);
    }
  }
  return found;
}

function versionPages(client: Client, bucket: string, prefix: string): AsyncGenerator<ListObjectVersionsOutput> {
  return pages(
    (after: ListObjectVersionsOutput | undefined) =>
      send(
        client,
        new ListObjectVersionsCommand({
          Bucket: bucket,
          Prefix: prefix,
          KeyMarker: after?.NextKeyMarker,
          VersionIdMarker: after?.NextVersionIdMarker,
        }),
      ),
    (page) => (page.IsTruncated && page.NextKeyMarker !== undefined ? page : undefined),
  );
}

function sourceOf({ metadata, size }: SlotObject): SourceFile[] {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(decodeURI(metadata[SOURCE] ?? '')) ?? [];
  if (bucket === undefined || key === undefined) return [];
  const version = metadata[VERSION];
  return [{ bucket, key, etag: metadata[ETAG] ?? '', size, ...(version !== undefined && { version }) }];
}

async function headObject(client: Client, { bucket, key, version }: Draft['from']): Promise<SlotObject | undefined> {
  try {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: version });
    const { ETag = '', ContentLength = 0, Metadata = {} } = await send(client, command);
    return { etag: unquoteETag(ETag), size: ContentLength, metadata: Metadata };
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey', 'NoSuchVersion')) return undefined;
    throw error;
  }
}
