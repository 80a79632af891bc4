import { runScript, startServer } from '../support/child.ts';
import { type Figure, figure } from '../support/statistics.ts';

/** The revision of one number of objects. */
export interface RevisionRow {
  readonly objects: number;
  readonly calls: number;
  readonly ms: Figure;
  /** Alive between two pages, at most. */
  readonly heapMB: number;
}

interface RevisionSample {
  readonly calls: number;
  readonly ms: number;
  readonly heapBytes: number;
}

const OBJECTS = [10, 1000, 100_000];

export async function measureRevision(rounds: number, say: (detail: string) => void): Promise<RevisionRow[]> {
  const server = await startServer(new URL('./listing-process.ts', import.meta.url));
  try {
    const rows: RevisionRow[] = [];
    for (const objects of OBJECTS) {
      say(`${objects} objects`);
      const samples: RevisionSample[] = [];
      for (let round = 0; round < rounds; round++) {
        samples.push(
          await runScript(new URL('./revision-process.ts', import.meta.url), [server.url, String(objects)], {
            NODE_OPTIONS: '--expose-gc',
          }),
        );
      }
      rows.push({
        objects,
        calls: Math.max(...samples.map(({ calls }) => calls)),
        ms: figure(samples.map(({ ms }) => ms)),
        heapMB: Math.max(...samples.map(({ heapBytes }) => heapBytes)) / 1e6,
      });
    }
    return rows;
  } finally {
    await server.stop();
  }
}
