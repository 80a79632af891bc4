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
  const compile = (project: string, outDir: string) => {
    const args = ['-p', join(REPOSITORY, 'packages/local', project), '--outDir', outDir, '--declaration', 'false'];
    // The types are checked elsewhere. Those of its private parts are not in the package here.
    execFileSync(process.execPath, [tsc, ...args, '--noCheck'], { cwd: REPOSITORY });
  };
  for (const part of ['archive', 'simulator']) compile(`tsconfig.${part}.json`, join(folder, part));
  compile('tsconfig.build.json', folder);
  const imports = { '#archive/*': './archive/*.js', '#simulator/*': './simulator/*.js' };
  const description = { type: 'module', imports };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description)}\n`);
  return folder;
}

/** Starts a local runtime, in a process of its own, from compiled modules. */
export function startRuntime(compiled: string): Promise<Server> {
  const module = pathToFileURL(join(compiled, 'runtime.js')).href;
  return startServer(new URL('./runtime-process.mjs', import.meta.url), module, cacheFolder('state'));
}
