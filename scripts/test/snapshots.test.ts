import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = dirname(dirname(import.meta.dirname));
const written = globSync('packages/cdk/test/integ/*.snapshot/*.json', { cwd: root });

// integ-runner writes where each construct was created. The comparison needs the files, and nothing in them.
test.each(written.filter((path) => path.endsWith('.metadata.json')))('%s is empty: {}', (path) => {
  expect(JSON.parse(readFileSync(join(root, path), 'utf8'))).toEqual({});
});
