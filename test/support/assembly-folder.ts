import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the tests of one worker synthesize to. `remove-assemblies.ts` removes it after each test file. */
export const ASSEMBLY_FOLDER = join(tmpdir(), `freshpoint-assemblies-${process.pid}`);
