import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** The folders, relative to `root`, of the packages of others whose code is in the outputs of a build. */
function packagesIn({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  // A plugin's namespace precedes the path.
  const paths = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path.replace(/^[\w-]+:/, ''));
  const folders = paths.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** Names, licences and licence texts of the packages in a bundle. Each text is written once. */
export function thirdPartyNotices(metafile: Metafile, root: string): string {
  const namesOf = new Map<string, string[]>();
  for (const folder of packagesIn(metafile)) {
    const path = join(root, folder, 'package.json');
    if (!existsSync(path)) throw new Error(`${path} is missing, expected the package of bundled code.`);
    const { name, version, license } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    const files = globSync('{LICENSE,LICENCE,NOTICE}*', { cwd: join(root, folder) }).sort();
    const texts = files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
    const text = texts.join('\n\n') || 'The package has no licence text of its own.';
    namesOf.set(text, [...(namesOf.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...namesOf].map(([text, names]) => `${names.join('\n')}\n\n${text}`);
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `${['The function contains code of these packages.', ...parts].join(rule)}\n`;
}
