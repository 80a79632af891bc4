import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder, REPOSITORY } from '../support/cache.ts';
import { type Server, startServer } from '../support/child.ts';

/** Compiles the local runtime as the package is compiled; the folder of its modules. */
export function compileRuntime(): string {
  const folder = cacheFolder('local');
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const project = join(REPOSITORY, 'packages/local/tsconfig.build.json');
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', folder, '--declaration', 'false'], {
    cwd: REPOSITORY,
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  return folder;
}

/** Starts a local runtime, in a process of its own, from compiled modules. */
export function startRuntime(compiled: string): Promise<Server> {
  const module = pathToFileURL(join(compiled, 'runtime.js')).href;
  return startServer(new URL('./runtime-process.mjs', import.meta.url), module, cacheFolder('state'));
}
