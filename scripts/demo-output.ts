/** The demo's output as a document shows it: what differs from machine to machine is taken out. */
export function maskRun(output: string): string {
  return output
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:…')
    .replaceAll(/(s3:\/\/irisdata-models\w*)-[\w-]+/g, '$1')
    .replaceAll(/(?<=cloud assembly in )\S+(?=examples\/iris)/g, '')
    .replace(/^\n+/, '');
}

/**
 * The first step or check of one run that the other hasn't, in words; undefined when both have the same ones in the
 * same order. Figures, and the lines in between, may differ from run to run.
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
