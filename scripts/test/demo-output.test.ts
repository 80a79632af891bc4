import { describe, expect, test } from 'vitest';
import { maskRun, sameShape } from '../demo-output.ts';

const RUN = [
  '  0.0s  ▸ Train',
  '  1.0s      AWS_ENDPOINT_URL=http://127.0.0.1:4711',
  '  9.6s    ✔ the controller swapped to the uploaded revision 4756438458a8',
  '        ✔ All 16 checks passed in 17.1 s',
].join('\n');

describe("the demo's output", () => {
  test('has the same shape if only figures, revisions and other lines differ', () => {
    const other = RUN.replace('9.6s', '12.1s')
      .replace('4756438458a8', '0c175e3273a0')
      .replace(/\n.*URL.*/, '');
    expect(sameShape(RUN, other)).toBeUndefined();
  });

  test('has another shape if a check is missing, new, or failed', () => {
    expect(sameShape(RUN, RUN.replace(/\n.*swapped.*/, ''))).toMatch(/^shown: {3}✔ the controller swapped/);
    expect(sameShape(RUN, `${RUN}\n 1.0s    ✔ more`)).toMatch(/^shown: {3}\(nothing\)\nprinted: ✔ more/);
    expect(sameShape(RUN, RUN.replace('✔ the', '✘ the'))).toMatch(/printed: ✘ the controller swapped/);
  });

  test('is shown without the port and the suffix of the bucket', () => {
    expect(maskRun(RUN)).toContain('http://127.0.0.1:…');
    expect(maskRun('in s3://iris-modelsc55d3500-t545q51a9spf/iris/m')).toBe('in s3://iris-modelsc55d3500/iris/m');
  });
});
