import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CODE_FOLDER } from '@freshpoint-examples/iris/names';
import { extract, list } from 'tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Artifacts, writeArtifacts } from '../artifacts.ts';
import { accuracy, trainModels } from '../train.ts';

const MIB = 1024 * 1024;
let folder: string;
let artifacts: Artifacts;
/** Without padding. */
let small: Artifacts;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-iris-'));
  artifacts = await writeArtifacts(join(folder, 'first'), { leastBytes: 6 * MIB });
  small = await writeArtifacts(join(folder, 'small'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(archive: string) {
  const cwd = await mkdtemp(join(folder, 'model-'));
  await extract({ file: archive, cwd, strict: true });
  const host = await import(pathToFileURL(join(cwd, 'code', 'inference.mjs')).href);
  return { host, cwd };
}

describe('training', () => {
  const { v1, v2, heldOut } = trainModels();

  test('v2 is better than v1 on flowers that neither was trained on', () => {
    const [before, after] = [v1, v2].map(({ predict }) => accuracy(predict, heldOut));
    expect(after).toBeGreaterThanOrEqual(0.9);
    expect(before).toBeLessThan((after ?? 0) - 0.1);
    expect(before).toBeGreaterThan(0.5);
  });

  test('holds out the same number of flowers of each species', () => {
    const counts = Map.groupBy(heldOut, (flower) => flower.species);
    expect([...counts.values()].map((flowers) => flowers.length)).toEqual([25, 25, 25]);
  });

  test('gives the same models each time', () => {
    expect(trainModels().v2.model).toEqual(v2.model);
  });

  test.each(['v1', 'v2'] as const)('gives the %s of examples/iris', async (name) => {
    const path = join(CODE_FOLDER, '..', name, 'model.json');
    expect(trainModels()[name].model).toEqual(JSON.parse(await readFile(path, 'utf8')));
  });

  test('v1 uses the sepals only', () => {
    expect(v1.model.features).toEqual(['sepal length', 'sepal width']);
    expect(JSON.stringify(v1.model.tree)).not.toMatch(/"feature":[23]/);
  });
});

describe('archives', () => {
  test('the same models give the same bytes, with any umask', async () => {
    const umask = process.umask(0o077);
    let again: Artifacts;
    try {
      again = await writeArtifacts(join(folder, 'again'), { leastBytes: 6 * MIB });
    } finally {
      process.umask(umask);
    }
    for (const name of ['v1Path', 'v2Path', 'brokenPath'] as const) {
      expect((await readFile(again[name])).equals(await readFile(artifacts[name])), name).toBe(true);
    }
  });

  test('have the size that they are padded to, and differ', async () => {
    const [v1, v2] = await Promise.all([readFile(artifacts.v1Path), readFile(artifacts.v2Path)]);
    expect(v1.length).toBeGreaterThan(6 * MIB);
    expect(v2.length).toBeGreaterThan(6 * MIB);
    expect(v1.equals(v2)).toBe(false);
  });

  test('contain the model and the code, nothing else', async () => {
    const paths: string[] = [];
    await list({ file: small.v1Path, onReadEntry: ({ path }) => paths.push(path) });
    expect(paths).toEqual(['model.json', 'code/inference.mjs', 'code/inference.py']);
  });

  test.each(['v1', 'v2'] as const)('the code in %s answers like the library, for CSV and JSON', async (name) => {
    const { heldOut, ...models } = trainModels();
    const rows = heldOut.map((flower) => flower.measurements);
    const { host, cwd } = await load(small[`${name}Path`]);
    const model = await host.model_fn(cwd);
    const expected = { predictions: models[name].predict(rows), model: name };
    const ask = (body: string | Uint8Array, type: string) =>
      JSON.parse(host.output_fn(host.predict_fn(host.input_fn(body, type), model), 'application/json'));
    expect(ask(rows.map((row) => row.join(',')).join('\r\n'), 'text/csv; charset=utf-8')).toEqual(expected);
    expect(ask(JSON.stringify({ instances: rows }), 'application/json')).toEqual(expected);
    expect(ask(new TextEncoder().encode(JSON.stringify(rows)), 'application/json')).toEqual(expected);
  });

  test.each([
    ['5.1,3.5,1.4', 'text/csv'],
    ['5.1,3.5,,0.2', 'text/csv'],
    ['', 'text/csv'],
    ['{"instances":[[1,2,3,"4"]]}', 'application/json'],
    ['{}', 'application/json'],
    ['{', 'application/json'],
  ])('a request that is not rows of four numbers is rejected: %j', async (body, type) => {
    const { host } = await load(small.v2Path);
    expect(() => host.input_fn(body, type)).toThrow();
  });

  test('the broken archive can be unpacked, but its model cannot be loaded', async () => {
    const { host, cwd } = await load(small.brokenPath);
    await expect(host.model_fn(cwd)).rejects.toThrow(SyntaxError);
  });
});
