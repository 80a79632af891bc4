import type { Random } from '@freshpoint/simulation/random';

/** One upload of a pattern. */
export interface PlannedUpload {
  /** From the pattern's begin, in ms. */
  readonly atMs: number;
  /** Index of the file. */
  readonly file: number;
}

/** A way in which models are uploaded. */
export interface UploadPattern {
  readonly name: string;
  /** Files that make up the model. */
  readonly files: number;
  /** Seeds of a full run; a quick run takes a share of them. */
  readonly seeds: number;
  plan(random: Random): PlannedUpload[];
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Files one after the other, as `aws s3 sync` and training jobs write them: 0.1 to 1 s each. */
function burst(files: number, seeds: number): UploadPattern {
  return {
    name: `${files} files in a row`,
    files,
    seeds,
    plan(random) {
      let atMs = 0;
      return Array.from({ length: files }, (_, file) => {
        atMs += random.int(100, SECOND_MS);
        return { atMs, file };
      });
    },
  };
}

/** The patterns of the table. */
export const uploadPatterns: readonly UploadPattern[] = [
  { name: 'one upload', files: 1, seeds: 300, plan: () => [{ atMs: 0, file: 0 }] },
  {
    name: 'two, 0–20 min apart',
    files: 1,
    seeds: 600,
    plan: (random) => [
      { atMs: 0, file: 0 },
      { atMs: random.int(0, 20 * MINUTE_MS), file: 0 },
    ],
  },
  burst(3, 300),
  burst(100, 60),
  burst(1000, 12),
  {
    name: 'every 2–6 min for an hour',
    files: 1,
    seeds: 200,
    plan(random) {
      const uploads: PlannedUpload[] = [];
      for (let atMs = 0; atMs < 60 * MINUTE_MS; atMs += random.int(2 * MINUTE_MS, 6 * MINUTE_MS))
        uploads.push({ atMs, file: 0 });
      return uploads;
    },
  },
];
