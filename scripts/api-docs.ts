/*
 * Writes packages/cdk/API.md, the reference of the constructs, from the jsii assembly.
 * Usage: node scripts/api-docs.ts [--check]   --check: fails if the file is not what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cdk = join(root, 'packages/cdk');
const file = join(cdk, 'API.md');

/** The part of jsii-docgen that is used. */
interface Docgen {
  readonly Documentation: {
    forProject(
      folder: string,
      options: { readonly assembliesDir: string },
    ): Promise<{
      toMarkdown(options: { readonly language: unknown; readonly readme: boolean }): Promise<{ render(): string }>;
    }>;
  };
  readonly Language: { readonly TYPESCRIPT: unknown };
}

const { Documentation, Language } = createRequire(join(cdk, 'package.json'))('jsii-docgen') as Docgen;
const documentation = await Documentation.forProject(cdk, { assembliesDir: root });
const markdown = await documentation.toMarkdown({ language: Language.TYPESCRIPT, readme: false });
const text = `${markdown.render().trimEnd()}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8') !== text) {
  console.error('packages/cdk/API.md is not what the constructs say: write it with `npm run api`.');
  process.exitCode = 1;
} else {
  console.log('✔ packages/cdk/API.md is what the constructs say');
}
