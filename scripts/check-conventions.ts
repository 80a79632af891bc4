/*
 * Conventions that Biome has no rule for: relative imports stay in their workspace, the simulator does no I/O, no two
 * exported things share a name, none hides a global, and lines, comments included, have at most 120 columns.
 * Usage: node scripts/check-conventions.ts
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const MAX_COLUMNS = 120;
const SOURCE = /\.(tsx?|css|mjs|cjs|py)$/;
const RELATIVE_IMPORT = /(?:from|import|import\(|new URL\()\s*'(\.{1,2}\/[^']*)'/g;
const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let|enum) (\w+)/gm;
const LITERAL = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`?|\/(?:[^/\\]|\\.)+\/[a-z]*/g;
const SIMULATOR = 'packages/simulator/src/';
const IMPORT = /^(?:import|export) (?!type )(?:.*?|\{[^}]*\} )from '([^'.][^']*)'|\bimport\('([^']*)'\)/gm;
/** What only computes. Imports of types are free. */
const PURE_MODULES = new Set([
  'node:crypto',
  'node:net',
  'node:util',
  'node:vm',
  'node:zlib',
  'yaml',
  '@aws-sdk/checksums/crc',
]);
/** Names of node:net that only compute. */
const PURE_NAMES_OF_NET = /^import \{(?: (?:BlockList|isIP),?)+ \} from 'node:net'/m;
/** What an injected clock, ids and functions are there for. */
const SURROUNDINGS =
  /^(?!\s*(?:\/?\*|\/\/)).*(\b(?:fetch|setTimeout|setInterval|Math\.random|Date\.now|randomUUID|randomBytes)\(|\bnew Date\(\)|\b(?:process|performance)\.)/gm;
/** Names that SageMaker's inference toolkits define: several model archives have them. */
const PROTOCOL_NAMES = new Set(['model_fn', 'input_fn', 'predict_fn', 'output_fn']);
/** JavaScript's and Node's globals, TypeScript's own types, and the DOM's. */
const GLOBALS = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  ...['Awaited', 'Exclude', 'Extract', 'Omit', 'Parameters', 'Partial', 'Pick', 'Readonly', 'Record', 'Required'],
  ...['ReturnType', 'Iterator', 'Generator', 'Buffer', 'NodeJS', 'Element', 'Node', 'Document', 'Window'],
]);

const root = dirname(import.meta.dirname);
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => SOURCE.test(path) && existsSync(join(root, path)));
const problems: string[] = [];
/** Where each exported name is declared. */
const declarations = new Map<string, string[]>();

for (const path of files) {
  const text = readFileSync(join(root, path), 'utf8');
  for (const [, target = ''] of text.matchAll(RELATIVE_IMPORT)) {
    const isOutside = relative(workspaceOf(path), join(dirname(path), target)).startsWith('..');
    if (isOutside) problems.push(`${path}: ${target} is outside its workspace. Import the package by name.`);
  }
  if (path.startsWith(SIMULATOR)) problems.push(...ioProblems(path, text));
  for (const [index, line] of text.split('\n').entries()) {
    const columns = [...shortened(line)].length;
    if (columns > MAX_COLUMNS)
      problems.push(`${path}:${index + 1}: ${columns} columns, expected ${MAX_COLUMNS} at most`);
  }
  if (/(^|\/)test\//.test(path)) continue;
  for (const [, name = ''] of text.matchAll(EXPORT)) declarations.set(name, [...(declarations.get(name) ?? []), path]);
}
for (const [name, paths] of declarations) {
  const places = [...new Set(paths)];
  if (places.length > 1 && !PROTOCOL_NAMES.has(name))
    problems.push(`${name} is exported by ${places.join(', ')}. Give each thing its own name.`);
  if (GLOBALS.has(name)) problems.push(`${places.join(', ')}: ${name} hides a global. Give it another name.`);
}

for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** What a file of the simulator has to get from outside, and takes itself. */
function ioProblems(path: string, text: string): string[] {
  const modules = [...text.matchAll(IMPORT)].map(([, from, loaded]) => from ?? loaded ?? '');
  const isImpure = (name: string) => !PURE_MODULES.has(name) || (name === 'node:net' && !PURE_NAMES_OF_NET.test(text));
  return [
    ...modules.filter(isImpure).map((name) => `${path}: ${name} does I/O, and the simulator does none. Inject it.`),
    ...[...text.matchAll(SURROUNDINGS)].map(([, use]) => `${path}: ${use} is not injected. Use the clock or the ids.`),
  ];
}

/** The line without what no formatter can break: the text of its string literals. */
function shortened(line: string): string {
  return /^\s*(\*|\/\/|\/\*|#)/.test(line) ? line : line.replace(LITERAL, "''");
}

/** The folder of the nearest package.json. */
function workspaceOf(path: string): string {
  let folder = dirname(path);
  while (folder !== '.' && !existsSync(join(root, folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
