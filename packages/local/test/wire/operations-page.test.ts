import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLocalRuntime } from '../../src/runtime.ts';
import { MEMBERS_WITHOUT_EFFECT, REFUSED_MEMBERS } from '../../src/wire/unsupported-members.ts';

const page = join(import.meta.dirname, '../../../../docs/local-runtime.md');

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** A table with one row per service that has names. */
function table(heading: string, names: Readonly<Record<string, readonly string[]>>): string {
  const rows = Object.entries(names).map(([service, all]) => `| ${service} | ${code([...all].sort())} |`);
  return [`| service | ${heading} |`, '|---|---|', ...rows].join('\n');
}

/** With `npx vitest run packages/local/test/wire/operations-page.test.ts -u` it writes the page instead. */
it('the documentation lists the operations, and the members that are refused or have no effect', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'operations-'));
  const runtime = await startLocalRuntime({ stateDir: join(folder, 'state') });
  const operations = runtime.cloud.operations();
  await runtime.stop();
  rmSync(folder, { recursive: true, force: true });
  const lists = [
    table('operations', operations),
    'Members that are refused with `NotImplemented`:',
    table('members', REFUSED_MEMBERS),
    'Members that are accepted without effect:',
    table('members', MEMBERS_WITHOUT_EFFECT),
  ].join('\n\n');
  const text = readFileSync(page, 'utf8');
  const between = /(<!-- operations -->\n).*(\n<!-- \/operations -->)/s;
  expect(text).toMatch(between);
  await expect(text.replace(between, (_, start: string, end: string) => start + lists + end)).toMatchFileSnapshot(page);
});
