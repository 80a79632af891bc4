import { type Clock, sleep } from '@freshpoint/simulator/core/clock';

/** How fast S3 is assumed to copy one part, or one whole object, in MiB/s. Field reports have 50 to 100. */
export const ASSUMED_COPY_MIB_PER_SECOND = 50;

/** How long each call takes, in ms. */
const CALL_MS = 20;

/** A command of the SDK's client, as far as it is read here. */
interface S3Command {
  readonly input: {
    readonly Key?: string;
    readonly Prefix?: string;
    readonly Metadata?: Readonly<Record<string, string>>;
    readonly CopySourceRange?: string;
    readonly PartNumber?: number;
    readonly Body?: string;
  };
}

/** An object or an upload, of which at most the text is held. */
interface SizedObject {
  readonly text?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An S3 in which objects of one size are copied. It knows their size, counts calls and holds no bytes but JSON. */
export class SizeOnlyS3 {
  calls = 0;
  /** What was sent to it, JSON excepted. */
  bytes = 0;
  readonly #clock: Clock;
  readonly #objectBytes: number;
  readonly #objects = new Map<string, SizedObject>();
  readonly #uploads = new Map<string, SizedObject & { readonly parts: Set<number> }>();

  constructor(clock: Clock, objectBytes: number) {
    this.#clock = clock;
    this.#objectBytes = objectBytes;
  }

  async send(command: S3Command): Promise<unknown> {
    this.calls += 1;
    const { Key = '', Body } = command.input;
    if (Body !== undefined && !Key.endsWith('.json')) this.bytes += Body.length;
    await sleep(this.#clock, CALL_MS);
    return await this.#answer(command.constructor.name.replace(/Command$/, ''), command.input);
  }

  async #answer(operation: string, input: S3Command['input']): Promise<unknown> {
    const { Key = '', Metadata: metadata, Body: text } = input;
    const found = this.#objects.get(Key);
    switch (operation) {
      case 'HeadObject':
      case 'GetObject':
        if (!found) throw Object.assign(new Error('not there'), { name: 'NotFound' });
        return {
          ETag: 'e',
          ContentLength: this.#objectBytes,
          Metadata: found.metadata,
          Body: [Buffer.from(found.text ?? '')],
        };
      case 'PutObject':
        this.#objects.set(Key, { text });
        return { ETag: 'e' };
      case 'CopyObject':
        await sleep(this.#clock, copyMs(this.#objectBytes));
        this.#objects.set(Key, { metadata });
        return { CopyObjectResult: { ETag: 'e' } };
      case 'ListObjectsV2':
        return { Contents: this.#below(input.Prefix ?? '') };
      default:
        return await this.#answerUpload(operation, input);
    }
  }

  #below(prefix: string) {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
    return keys.map((Key) => ({ Key, ETag: 'e', Size: this.#objectBytes }));
  }

  async #answerUpload(
    operation: string,
    { Key = '', Metadata: metadata, CopySourceRange = '', PartNumber = 0 }: S3Command['input'],
  ): Promise<unknown> {
    const upload = this.#uploads.get(Key) ?? { metadata, parts: new Set<number>() };
    this.#uploads.set(Key, upload);
    if (operation === 'CreateMultipartUpload') return { UploadId: Key };
    if (operation === 'ListParts') return { Parts: [...upload.parts].map((PartNumber) => ({ PartNumber, ETag: 'e' })) };
    if (operation === 'UploadPartCopy') {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(CopySourceRange) ?? [];
      await sleep(this.#clock, copyMs(Number(to) - Number(from) + 1));
      upload.parts.add(PartNumber);
      return { CopyPartResult: { ETag: 'e' } };
    }
    if (operation !== 'CompleteMultipartUpload') throw new Error(`${operation} is not expected in a copy.`);
    this.#objects.set(Key, { metadata: upload.metadata });
    return { ETag: 'e' };
  }
}

function copyMs(bytes: number): number {
  return (bytes / 1024 ** 2 / ASSUMED_COPY_MIB_PER_SECOND) * 1000;
}
