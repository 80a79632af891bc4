/** Vitest's setup file: it runs once per test file, also where a worker keeps modules from one file to the next. */
import { rmSync } from 'node:fs';
import { afterAll } from 'vitest';
import { ASSEMBLY_FOLDER } from './assembly-folder.ts';

afterAll(() => {
  rmSync(ASSEMBLY_FOLDER, { recursive: true, force: true });
});
