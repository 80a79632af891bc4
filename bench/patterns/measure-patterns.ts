import { availableParallelism } from 'node:os';
import { runScript } from '../support/child.ts';
import type { PatternRow } from './summary.ts';
import { uploadPatterns } from './upload-patterns.ts';

/** All patterns, on all cores: in virtual time nothing depends on how fast the machine is. */
export async function measurePatterns(share: number, say: (detail: string) => void): Promise<PatternRow[]> {
  const rows: PatternRow[] = [];
  const waiting = uploadPatterns.map((_, index) => index);
  const work = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const args = [String(index), String(share)];
      rows[index] = await runScript<PatternRow>(new URL('./patterns-process.ts', import.meta.url), args);
      say(`${rows.filter(Boolean).length} of ${uploadPatterns.length}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return rows;
}
