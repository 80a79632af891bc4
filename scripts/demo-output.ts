/** The demo's output for a document, without the parts that differ between machines. */
export function maskRun(output: string): string {
  return output
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:…')
    .replaceAll(/(s3:\/\/iris-models\w*)-[\w-]+/g, '$1')
    .replace(/^\n+/, '');
}

/**
 * The first step or check that differs between two runs, in words; undefined if both have the same ones in the same
 * order. Figures, and the lines in between, may differ.
 */
export function sameShape(shown: string, output: string): string | undefined {
  const [expected, got] = [skeletonOf(shown), skeletonOf(output)];
  const length = Math.max(expected.length, got.length);
  for (let i = 0; i < length; i++) {
    if (expected[i] !== got[i]) return `shown:   ${expected[i] ?? '(nothing)'}\nprinted: ${got[i] ?? '(nothing)'}`;
  }
  return undefined;
}

/** Steps and checks, without their times, figures and revisions. */
function skeletonOf(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const text = /^ *(?:[\d.]+s )? *([▸✔✘] .*)$/.exec(line)?.[1];
    return text === undefined ? [] : [text.replaceAll(/\b[0-9a-f]{12}\b/g, '#').replaceAll(/\d+(\.\d+)?/g, '0')];
  });
}
