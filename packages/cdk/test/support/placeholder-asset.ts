import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const bundle = path.join(import.meta.dirname, '../../assets/refresher/index.cjs');

// Templates do not depend on the function's code, so these tests also run before the engine is built.
if (!existsSync(bundle)) {
  mkdirSync(path.dirname(bundle), { recursive: true });
  writeFileSync(bundle, 'exports.handler = async () => ({});\n');
  // Older than any source, so a build replaces it.
  utimesSync(bundle, 0, 0);
}
