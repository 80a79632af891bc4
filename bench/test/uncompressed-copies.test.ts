import { expect, test } from 'vitest';
import { measureCopy } from '../copies/measure-copies.ts';

const GIB = 1024 ** 3;
/** Seconds that the function may run in one pass. */
const FUNCTION_SECONDS = 60;

test.each([
  [500, 200],
  [100, 200],
  [5000, 200],
])('%i files of %i GiB together are copied in passes that fit into the function', async (count, GiB) => {
  const files = Array.from({ length: count }, (_, file) => ({
    bucket: 'models',
    key: `llm/weights-${file}.safetensors`,
    chosenBy: 's3://models/llm/*',
    etag: 'e',
    size: Math.round((GiB * GIB) / count),
  }));
  const data = { bucket: 'copies', root: 'e/slots/1/', files: [{ bucket: 'models', folder: 'llm/' }] };
  const heapBefore = process.memoryUsage().heapUsed;
  const { passes, bytes, modelledSeconds } = await measureCopy({ data, files });
  expect(bytes).toBe(0);
  expect(passes).toBeGreaterThan(1);
  expect(modelledSeconds / passes).toBeLessThan(FUNCTION_SECONDS);
  // Less than an hour, which a deployment may take.
  expect(modelledSeconds).toBeLessThan(3000);
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(100 * 1024 ** 2);
});
