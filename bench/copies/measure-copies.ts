import { type SlotData, slotDataKey } from '@freshpoint/cdk/contract';
import { s3SlotStore } from '@freshpoint/engine/adapters/s3-slot-store';
import type { PartialCopy } from '@freshpoint/engine/policy/state';
import { sleep } from '@freshpoint/local/core/clock';
import { VirtualClock } from '@freshpoint/local/core/virtual-clock';

/** What the copy of one archive takes. */
export interface CopyRow {
  readonly GiB: number;
  readonly calls: number;
  /** Looks of the function, each of which copies for 35 s at most. */
  readonly looks: number;
  /** Seconds that the function lives, if S3 copies each part at `MiBPerSecond`. */
  readonly seconds: number;
  /** The function's own computing, in ms. */
  readonly cpuMs: number;
  /** Of the archive, through the function. */
  readonly bytes: number;
}

/** What S3 is taken to copy of one part in a second: field reports have 50 to 100. */
export const MiBPerSecond = 50;

const GIB = 1024 ** 3;
const WORK_MS = 35_000;
const data: SlotData = { bucket: 'copies', root: 'r/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };

export async function measureCopies(say: (detail: string) => void): Promise<CopyRow[]> {
  const rows: CopyRow[] = [];
  for (const GiB of [0.25, 1, 20, 100]) {
    say(`${GiB} GiB`);
    rows.push(await copy(GiB));
  }
  return rows;
}

/** The engine's own adapter against an S3 that holds sizes only, in virtual time. */
async function copy(GiB: number): Promise<CopyRow> {
  const clock = new VirtualClock();
  const size = GiB * GIB;
  const parts = new Set<number>();
  let calls = 0;
  let bytes = 0;
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  const answer = async (operation: string, input: any): Promise<unknown> => {
    if (operation === 'HeadObject') throw Object.assign(new Error('not there'), { name: 'NotFound' });
    if (operation === 'CreateMultipartUpload') return { UploadId: 'upload' };
    if (operation === 'ListParts') return { Parts: [...parts].map((PartNumber) => ({ PartNumber, ETag: 'e' })) };
    if (operation === 'CopyObject') await sleep(clock, seconds(size));
    if (operation === 'UploadPartCopy') {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(input.CopySourceRange)!;
      await sleep(clock, seconds(Number(to) - Number(from) + 1));
      parts.add(input.PartNumber);
      return { CopyPartResult: { ETag: 'e' } };
    }
    return {};
  };
  const places = s3SlotStore({
    async send(command) {
      calls += 1;
      bytes += (command.input as { Body?: Uint8Array }).Body?.length ?? 0;
      await sleep(clock, 20);
      return await answer(command.constructor.name.replace(/Command$/, ''), command.input);
    },
  });
  const file = { bucket: 'models', key: 'model.tar.gz', etag: 'e', size };
  const cpu = process.cpuUsage();
  let upload: PartialCopy | undefined;
  let looks = 0;
  let lived = 0;
  for (let isOver = false; !isOver; looks++) {
    const began = clock.now();
    const staging = places.stage(
      data,
      { slot: 'b', revision: 'r1', from: { kind: 'sources', files: [file] } },
      {
        isTimeUp: () => clock.now() - began >= WORK_MS,
        partialCopy: upload,
        begun: async () => undefined,
      },
    );
    const outcome = await whileTimePasses(clock, staging);
    lived += clock.now() - began;
    isOver = outcome.kind === 'staged';
    if (outcome.kind === 'unfinished') upload = outcome.partialCopy;
    else if (!isOver) throw new Error(`Got ${outcome.kind} for ${slotDataKey(data.root, 'b', 0)}.`);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { GiB, calls, looks, seconds: lived / 1000, cpuMs: (user + system) / 1000, bytes };
}

function seconds(size: number): number {
  return (size / 1024 ** 2 / MiBPerSecond) * 1000;
}

async function whileTimePasses<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isOver = false;
  const done = work.finally(() => {
    isOver = true;
  });
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver) return await done;
    clock.step();
  }
}
