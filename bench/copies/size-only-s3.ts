import { type Clock, sleep } from '@freshpoint/local/core/clock';

/** How fast S3 is assumed to copy one part, or one whole object, in MiB/s. Field reports have 50 to 100. */
export const ASSUMED_COPY_MIB_PER_SECOND = 50;

/** How long each call takes, in ms. */
const CALL_MS = 20;

/** A command of the SDK's client, as far as it is read here. */
interface S3Command {
  readonly input: {
    readonly CopySourceRange?: string;
    readonly PartNumber?: number;
    readonly Body?: { readonly length?: number };
  };
}

/** An S3 in which one object is copied. It knows the object's size, counts calls and holds no bytes. */
export class SizeOnlyS3 {
  calls = 0;
  /** What was sent to it. */
  bytes = 0;
  readonly #clock: Clock;
  readonly #objectBytes: number;
  readonly #parts = new Set<number>();

  constructor(clock: Clock, objectBytes: number) {
    this.#clock = clock;
    this.#objectBytes = objectBytes;
  }

  async send(command: S3Command): Promise<unknown> {
    this.calls += 1;
    this.bytes += command.input.Body?.length ?? 0;
    await sleep(this.#clock, CALL_MS);
    return await this.#answer(command.constructor.name.replace(/Command$/, ''), command.input);
  }

  async #answer(operation: string, input: S3Command['input']): Promise<unknown> {
    if (operation === 'HeadObject') throw Object.assign(new Error('not there'), { name: 'NotFound' });
    if (operation === 'CreateMultipartUpload') return { UploadId: 'upload' };
    if (operation === 'ListParts') return { Parts: [...this.#parts].map((PartNumber) => ({ PartNumber, ETag: 'e' })) };
    if (operation === 'CopyObject') await sleep(this.#clock, copyMs(this.#objectBytes));
    if (operation === 'UploadPartCopy') {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(input.CopySourceRange ?? '') ?? [];
      await sleep(this.#clock, copyMs(Number(to) - Number(from) + 1));
      this.#parts.add(input.PartNumber ?? 0);
      return { CopyPartResult: { ETag: 'e' } };
    }
    return {};
  }
}

function copyMs(bytes: number): number {
  return (bytes / 1024 ** 2 / ASSUMED_COPY_MIB_PER_SECOND) * 1000;
}
