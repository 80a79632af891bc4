import type { SlotData } from '@freshpoint/cdk/contract';
import { s3RevisionStore } from '@freshpoint/engine/adapters/s3-revision-store';
import { PASS_BUDGET_MS } from '@freshpoint/engine/controller/budget';
import type { PartialCopy } from '@freshpoint/engine/policy/lease';
import type { SourceFile } from '@freshpoint/engine/policy/observation';
import { VirtualClock } from '@freshpoint/simulator/core/virtual-clock';
import { SizeOnlyS3 } from './size-only-s3.ts';

/** What the copy of one archive takes. */
export interface CopyRow {
  readonly GiB: number;
  readonly calls: number;
  /** Passes of the controller, each of which copies for `PASS_BUDGET_MS` at most. */
  readonly passes: number;
  /** Of the archive, through the function. */
  readonly bytes: number;
  /** The function's own computing, in ms. */
  readonly cpuMs: number;
  /**
   * Seconds that the function runs, if S3 copies each part at `ASSUMED_COPY_MIB_PER_SECOND`. A model, not a
   * measurement.
   */
  readonly modelledSeconds: number;
}

const GIB = 1024 ** 3;
const STORE = { bucket: 'copies', prefix: 'e/' };
const SIZES_GIB = [0.25, 1, 20, 100];
const SOURCE = { bucket: 'models', key: 'model.tar.gz' };
const DATA: SlotData = { bucket: 'copies', root: 'e/slots/1/', files: [SOURCE] };

export async function measureCopies(say: (detail: string) => void): Promise<CopyRow[]> {
  const rows: CopyRow[] = [];
  for (const GiB of SIZES_GIB) {
    say(`${GiB} GiB`);
    rows.push(await copyRow(GiB));
  }
  return rows;
}

/** The engine's own adapter against an S3 that holds sizes only, in virtual time. */
function copyRow(GiB: number): Promise<CopyRow> {
  return measureCopy({ data: DATA, files: [{ ...SOURCE, etag: 'e', size: GiB * GIB }] });
}

/** A revision to copy, whose files have one size. */
export interface MeasuredCopy {
  readonly data: SlotData;
  readonly files: readonly SourceFile[];
}

export async function measureCopy({ data, files }: MeasuredCopy): Promise<CopyRow> {
  const clock = new VirtualClock();
  const size = files[0]?.size ?? 0;
  const s3 = new SizeOnlyS3(clock, size);
  const GiB = (size * files.length) / GIB;
  const cpu = process.cpuUsage();
  let partialCopy: PartialCopy | undefined;
  let passes = 0;
  let functionMs = 0;
  for (let isCopied = false; !isCopied; passes++) {
    const startedAt = clock.now();
    const outcome = await onePass(s3, { clock, data, files, partialCopy });
    functionMs += clock.now() - startedAt;
    isCopied = outcome.kind === 'staged';
    if (outcome.kind === 'unfinished') partialCopy = outcome.partialCopy;
    else if (!isCopied) throw new Error(`The copy of ${GiB} GiB ended as ${outcome.kind}.`);
  }
  const { user, system } = process.cpuUsage(cpu);
  const { calls, bytes } = s3;
  return { GiB, calls, passes, bytes, cpuMs: (user + system) / 1000, modelledSeconds: functionMs / 1000 };
}

interface PassInput extends MeasuredCopy {
  readonly clock: VirtualClock;
  /** What the pass before began. */
  readonly partialCopy: PartialCopy | undefined;
}

async function onePass(s3: SizeOnlyS3, { clock, data, files, partialCopy }: PassInput) {
  const startedAt = clock.now();
  const staging = s3RevisionStore(s3, () => 'id').stage(
    { store: STORE, data, slot: 'b', revision: 'r1', files: files.map((source) => ({ source })) },
    {
      isTimeUp: () => clock.now() - startedAt >= PASS_BUDGET_MS,
      partialCopy,
      begun: async () => undefined,
    },
  );
  return await whileTimePasses(clock, staging);
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
