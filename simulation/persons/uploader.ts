import { sourceName } from '../oracle/sources.ts';
import { keysOf, type SourceKeys } from '../worlds/layout.ts';
import { bytesOf, etagOf, etagOfPart, type Quality, qualityOf } from '../worlds/model-data.ts';
import { type ChosenSource, chosenSources } from './chosen-source.ts';
import type { PersonContext } from './person-context.ts';
import type { UploadAction } from './scenario.ts';

/** Uploads and deletes model data. */
export class Uploader {
  readonly #context: PersonContext;
  /** The bytes of each key, oldest first. */
  readonly #uploaded = new Map<string, string[]>();
  /** By name: the other keys are those of objects. */
  readonly #chosen: ReadonlyMap<string, ChosenSource>;

  constructor(context: PersonContext) {
    this.#context = context;
    this.#chosen = chosenSources(context, keysOf(context.layout));
  }

  /** Good model data for each source. */
  async uploadAll(): Promise<void> {
    for (const key of keysOf(this.#context.layout)) await this.put(key, this.newBytes('good'));
    await this.writeMarker();
  }

  async act(action: UploadAction): Promise<void> {
    await this.#change(action);
    const { layout, random } = this.#context;
    // A writer that fails does not come so far.
    if (layout.sources.marker === undefined || random.chance(0.2)) return;
    await this.#context.wait(random.int(0, random.pick([0, 300])) * 1000);
    await this.writeMarker();
  }

  /** After all other files, if there is one. */
  async writeMarker(): Promise<void> {
    const { world, layout } = this.#context;
    const { marker } = layout.sources;
    if (marker === undefined) return;
    this.#context.note(`writes the marker ${marker}`);
    await world.call('s3', 'PutObject', { Bucket: world.bucket, Key: marker, Body: Buffer.from('') });
  }

  async #change(action: UploadAction): Promise<void> {
    const { journal, random } = this.#context;
    if (action.kind === 'upload') return await this.#uploadFiles(action);
    const key = this.keyOf(action.file);
    switch (action.kind) {
      case 'again':
        journal.reached('same bytes uploaded again');
        return await this.put(key, this.latest(key));
      case 'earlier':
        journal.reached('earlier bytes uploaded again');
        return await this.put(key, this.#earlier(key, action.back));
      case 'flicker': {
        journal.reached('earlier bytes uploaded again');
        const before = this.latest(key);
        await this.put(key, this.newBytes('good'));
        await this.#context.wait(action.backAfterMs);
        return await this.put(key, before);
      }
      case 'multipart':
        journal.reached('upload in parts');
        return await this.#putInParts(key, this.newBytes(action.quality), action.takesMs);
      case 'delete': {
        const before = this.latest(key);
        await this.#delete(key);
        // A revision may have fewer files below a prefix than the one before.
        if (this.#isOneOfSeveral(key) && random.chance(0.5)) return;
        await this.#context.wait(action.restoreAfterMs);
        return await this.put(key, random.chance(0.5) ? before : this.newBytes('good'));
      }
      case 'stream':
        for (let time = 0; time < action.times && !this.#context.isCalm; time++) {
          await this.put(key, this.newBytes('good'));
          await this.#context.wait(action.everyMs);
        }
    }
  }

  /** The key of a file by its index. */
  keyOf(file: number): string {
    return keysOf(this.#context.layout)[file] ?? '';
  }

  /** The name, for `put`, of what the source with this URI has. */
  keyAt(uri: string): string {
    return sourceName(this.#context.world, uri);
  }

  /** The bytes that were uploaded last. */
  latest(key: string): string {
    return this.#uploaded.get(key)?.at(-1) ?? '';
  }

  newBytes(quality: Quality): string {
    const bytes = bytesOf(quality, this.#context.nextNumber());
    this.#context.oracle.ledger.quality.set(etagOf(bytes), quality);
    return bytes;
  }

  async put(key: string, bytes: string): Promise<void> {
    const { journal, world, oracle } = this.#context;
    const { status, isDeploying } = oracle.ledger;
    if (status === 'UPDATING') journal.reached('upload while Updating');
    if (status === 'ROLLING_BACK') journal.reached('upload while RollingBack');
    if (isDeploying && status) journal.reached('upload during a deployment');
    this.#context.note(`uploads ${key}: ${bytes}`);
    this.#uploaded.set(key, [...(this.#uploaded.get(key) ?? []), bytes]);
    const chosen = this.#chosen.get(key);
    if (chosen) await chosen.put(bytes);
    else await world.call('s3', 'PutObject', { Bucket: world.bucket, Key: key, Body: Buffer.from(bytes) });
  }

  async #putInParts(key: string, bytes: string, takesMs: number): Promise<void> {
    const { world, oracle } = this.#context;
    const chosen = this.#chosen.get(key);
    const Key = chosen?.nextKey() ?? key;
    oracle.ledger.quality.set(etagOfPart(bytes), qualityOf(bytes));
    world.addMultipart(etagOfPart(bytes), etagOf(bytes));
    const upload = { Bucket: world.bucket, Key };
    const { UploadId } = await world.call('s3', 'CreateMultipartUpload', upload);
    this.#context.note(`begins to upload ${Key} in parts: ${bytes}`);
    await this.#context.wait(takesMs);
    const Body = Buffer.from(bytes);
    const { ETag } = await world.call('s3', 'UploadPart', { ...upload, UploadId, PartNumber: 1, Body });
    this.#context.note(`completes the upload of ${Key}`);
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await world.call('s3', 'CompleteMultipartUpload', { ...upload, UploadId, MultipartUpload });
    this.#uploaded.set(key, [...(this.#uploaded.get(key) ?? []), bytes]);
    await chosen?.added(Key, bytes);
  }

  async #uploadFiles({ files, gapMs, quality }: UploadAction & { readonly kind: 'upload' }): Promise<void> {
    if (files.length > 1) this.#context.journal.reached('burst of files');
    for (const [index, file] of files.entries()) {
      if (index > 0) await this.#context.wait(gapMs);
      const isLast = index === files.length - 1;
      await this.put(this.keyOf(file), this.newBytes(isLast ? quality : 'good'));
    }
  }

  /** A model that never answers its smoke tests serves untested until a person uploads another one. */
  async replaceHung(): Promise<void> {
    const { oracle, layout } = this.#context;
    if (!layout.isTested) return;
    for (const [uri, etag] of oracle.sources.current.etags) {
      if (oracle.ledger.quality.get(etag) !== 'hung') continue;
      await this.put(this.keyAt(uri), this.newBytes('good'));
    }
  }

  /** Whether there are other files below the prefix that it is below. */
  #isOneOfSeveral(key: string): boolean {
    const { world, oracle, layout } = this.#context;
    const isBelow = ({ prefix }: SourceKeys) => prefix !== undefined && key.startsWith(prefix);
    const sources = [layout.sources, layout.otherSources].find(isBelow);
    const stored = sources && oracle.sources.entriesOf(sources).at(-1);
    return [...(stored?.etags.keys() ?? [])].some((uri) => uri.startsWith(`s3://${world.bucket}/${sources?.prefix}`));
  }

  /** The bytes of that many uploads before the last, or of the first one. */
  #earlier(key: string, back: number): string {
    const uploads = this.#uploaded.get(key) ?? [];
    return uploads.at(-1 - back) ?? uploads[0] ?? '';
  }

  async #delete(key: string): Promise<void> {
    const { world } = this.#context;
    this.#context.journal.reached('file deleted');
    this.#context.note(`deletes ${key}`);
    const chosen = this.#chosen.get(key);
    if (chosen) await chosen.remove();
    else await world.call('s3', 'DeleteObject', { Bucket: world.bucket, Key: key });
  }
}
