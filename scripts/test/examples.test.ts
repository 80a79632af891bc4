import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = dirname(dirname(import.meta.dirname));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const examples = globSync('*/app.ts', { cwd: join(root, 'examples') }).map(dirname);
const tests = globSync('test/e2e/*.test.ts', { cwd: root }).map(textOf);
const MAX_LINES = 60;

describe.each(examples)('the example %s', (name) => {
  const folder = `examples/${name}`;
  const [app = '', ...others] = globSync('*-app.ts', { cwd: join(root, folder) });

  test(`is an app of less than ${MAX_LINES} lines, with what the CDK and a reader need`, () => {
    expect(others).toEqual([]);
    expect(textOf(`${folder}/${app}`).split('\n').length - 1).toBeLessThan(MAX_LINES);
    for (const file of ['README.md', 'cdk.json', 'package.json']) {
      expect(existsSync(join(root, folder, file)), file).toBe(true);
    }
    expect(textOf(`${folder}/README.md`)).toContain(`(${app})`);
  });

  test('is deployed on the local runtime by a test, and in the table of the examples', () => {
    const module = `'@freshpoint-examples/${name}/${app.replace(/\.ts$/, '')}'`;
    expect(tests.filter((text) => text.includes(module))).not.toEqual([]);
    expect(textOf('examples/README.md')).toContain(`](${name})`);
  });
});
