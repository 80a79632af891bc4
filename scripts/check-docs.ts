/*
 * Checks that what the documents say can be done: the README's demo runs and prints what the README shows, TypeScript
 * snippets compile and run, `npm run` commands exist, links lead somewhere, rows are in tables, measured figures are
 * those of bench/results.json.
 * Usage: node scripts/check-docs.ts [--write]   --write puts the demo's output and the measured figures into the
 * documents
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maskRun, sameShape } from './demo-output.ts';
import { figureProblems, renewFigures } from './doc-figures.ts';
import { anchorsOf, codeBlocks, linksOf, looseRows } from './markdown.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const write = process.argv.includes('--write');
const documents = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/{,*/}README.md'], {
  cwd: root,
}).sort();
const textOf = (name: string) => readFileSync(join(root, name), 'utf8');

/** Commands in the documents that are run elsewhere, or that need what isn't here. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'git clone https://github.com/freshpoint/freshpoint.git': 'the gate runs in a clone',
  'cd freshpoint': 'the gate runs in a clone',
  'npm ci': 'the gate begins with it',
  'npm run bench': 'it renews the figures of docs/benchmarks.md; the gate runs its quick form',
  'npm run e2e -- --account': 'it needs an AWS account, and costs money',
  'npm run mutation': 'minutes, for those who change the policy',
  'npm run simulate -- --seeds 2000': 'npm run simulate runs as many: a step of the gate',
  'npm run simulate:mutants': 'minutes, for those who change the engine or the simulation',
  'npm test': 'a step of the gate',
  'npm install @freshpoint/cdk': 'not published yet; check:package installs the tarball',
  'npm install --save-dev freshpoint @freshpoint/local': 'not published yet; check:package installs the tarballs',
  'echo s3://my-models/releases/42/model.tar.gz | aws s3 cp - s3://my-models/current.txt':
    'it needs a bucket; test/e2e/chosen-sources.test.ts writes a pointer',
};

/**
 * packages/cli/test/docs.test.ts reads the first; test/e2e/command.test.ts and check:package run each verb, and
 * test/e2e/own-app.test.ts runs `cdk`.
 */
const RUN_BY_TESTS = /^npx (freshpoint|cdk) /;

/** With these Node runs the workspace's sources. */
const SOURCE_FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];

let failures = 0;
function check(expected: string, problem: string | undefined): void {
  if (problem === undefined) {
    console.log(`✔ ${expected}`);
    return;
  }
  failures += 1;
  console.log(`✘ ${expected}\n${problem.trimEnd().replace(/^/gm, '    ')}`);
}

function listed(problems: readonly string[]): string | undefined {
  return problems.length === 0 ? undefined : problems.join('\n');
}

function checkLinks(): void {
  const problems = documents.flatMap((name) => {
    const text = textOf(name);
    return linksOf(text).flatMap((target) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(root, name) : resolve(root, dirname(name), path);
      if (!existsSync(file)) return [`${name}: ${target} leads nowhere`];
      if (anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).includes(anchor)) return [];
      return [`${name}: ${target}: there is no such heading`];
    });
  });
  check(`links in ${documents.length} documents lead somewhere`, listed(problems));
}

function checkTables(): void {
  const problems = documents.flatMap((name) => looseRows(textOf(name)).map((row) => `${name}: in no table: ${row}`));
  check('rows of tables are in tables', listed(problems));
}

function checkScripts(): void {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const problems = documents.flatMap((name) =>
    [...textOf(name).matchAll(/\bnpm run (?:--?[\w-]+ )*([a-z][\w:-]*)/g)]
      .filter(([, script = '']) => !Object.hasOwn(scripts, script))
      .map(([command]) => `${name}: ${command}: package.json has no such script`),
  );
  check('every `npm run` command exists', listed(problems));
}

/** The page that the benchmarks write: bench/check-page.ts compares it as a whole. */
const BENCHMARKS_PAGE = 'docs/benchmarks.md';

function checkFigures(): void {
  const results = JSON.parse(textOf('bench/results.json')) as unknown;
  const withFigures = documents.filter((name) => name !== BENCHMARKS_PAGE);
  if (write) {
    for (const name of withFigures) writeFileSync(join(root, name), renewFigures(textOf(name), results));
  }
  const problems = withFigures.flatMap((name) =>
    figureProblems(textOf(name), results).map((problem) => `${name}:${problem}`),
  );
  check('measured figures in the documents are those of bench/results.json', listed(problems));
  const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCE_FLAGS, join(root, 'bench/check-page.ts')], {
    encoding: 'utf8',
  });
  check(`${BENCHMARKS_PAGE} shows bench/results.json`, status === 0 ? undefined : `${stdout}${stderr}`);
}

/** A document's snippet as a program: alone, with nothing around it. One that makes a stack is synthesized. */
function programOf(snippet: string): string {
  return /\bnew Stack\(/.test(snippet) ? `${snippet}\n(stack.node.root as App).synth();\n` : `${snippet}\n`;
}

/** Each line of each shell block is either run here or known to be run elsewhere. */
function commandsToRun(): string[] {
  const commands = documents.flatMap((name) =>
    codeBlocks(textOf(name), 'sh').flatMap(({ text }) => text.split(/\n|&&/).map((command) => command.trim())),
  );
  return [...new Set(commands)].filter(
    (command) =>
      command !== '' &&
      !command.startsWith('export ') &&
      !RUN_BY_TESTS.test(command) &&
      !Object.hasOwn(NOT_RUN, command),
  );
}

async function runCommand(command: string): Promise<void> {
  if (!/^npm run (--silent )?demo\b/.test(command)) {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
    check(`\`${command}\` ends with 0`, status === 0 ? undefined : `${stdout}${stderr}`);
    return;
  }
  const { status, output } = await runDemo([]);
  check(`\`${command}\` holds`, status === 0 ? undefined : output);
  if (status === 0) checkDemoOutput(output);
}

async function runDemo(args: readonly string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn('npm', ['run', '--silent', 'demo', '--', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // As wide as the README's block.
    env: { ...process.env, COLUMNS: '100' },
  });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk;
  const status = child.exitCode ?? (await new Promise<number | null>((end) => child.once('exit', end)));
  return { status, output };
}

function checkDemoOutput(output: string): void {
  const readme = textOf('README.md');
  const block = /(<!-- demo-output -->\n```\w*\n)([\s\S]*?)(```\n<!-- \/demo-output -->)/;
  const shown = block.exec(readme)?.[2];
  if (write) {
    const masked = maskRun(output);
    writeFileSync(
      join(root, 'README.md'),
      readme.replace(block, (_, open, __, close) => `${open}${masked}${close}`),
    );
    check("the README's demo output is written", shown === undefined ? 'there is no demo-output block' : undefined);
    return;
  }
  const problem = shown === undefined ? 'there is no demo-output block' : sameShape(shown, output);
  check(
    "the README shows the demo's steps and checks",
    problem && `${problem}\nnpm run check:docs -- --write puts them right`,
  );
}

async function checkJson(): Promise<void> {
  const { status, output } = await runDemo(['--json']);
  const lines = output.trimEnd().split('\n');
  const problem = lines.find((line) => !/^\{.*\}$/.test(line));
  check('`npm run --silent demo -- --json` prints JSON and nothing else', problem);
  const { ok } = JSON.parse(lines.at(-1) ?? '{}') as { ok?: boolean };
  check('its last line is {"ok":true,…}', status === 0 && ok === true ? undefined : lines.at(-1));
}

/** Runs every TypeScript snippet, each in a program of its own below this folder, so that the packages are found. */
function checkSnippets(): void {
  mkdirSync(join(root, '.freshpoint'), { recursive: true });
  const folder = mkdtempSync(join(root, '.freshpoint', 'snippets-'));
  try {
    for (const name of documents) {
      for (const [index, { text, line }] of codeBlocks(textOf(name), 'ts').entries()) {
        const file = join(folder, `${name.replace(/\W+/g, '-')}-${index}.ts`);
        writeFileSync(file, programOf(text));
        const compiled = compile(file);
        const problem = compiled ?? run(file, folder);
        check(`the snippet in ${name}:${line} compiles and runs`, problem);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compile(file: string): string | undefined {
  const config = `${file}.tsconfig.json`;
  const base = relative(dirname(config), join(root, 'tsconfig.json'));
  writeFileSync(config, JSON.stringify({ extends: base, include: [], exclude: [], files: [file] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '-p', config], { encoding: 'utf8' });
  return status === 0 ? undefined : stdout;
}

function run(file: string, cwd: string): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, [...SOURCE_FLAGS, file], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CDK_VALIDATION: 'false', CDK_OUTDIR: join(cwd, 'cdk.out') },
  });
  return status === 0 ? undefined : stderr;
}

checkLinks();
checkTables();
checkScripts();
checkFigures();
checkSnippets();
for (const command of commandsToRun()) await runCommand(command);
if (!write) await checkJson();
for (const [command, why] of Object.entries(NOT_RUN)) console.log(`- \`${command}\` is not run here: ${why}`);
process.exitCode = failures === 0 ? 0 : 1;
