/*
 * Packs what is published, installs the tarballs into a folder outside of the workspace with the newest tried
 * aws-cdk-lib, and uses them there: synthesizes the README's stack, deploys it to the packed local runtime, asks the
 * endpoint, starts and ends the packed command, and asks for what isn't there. Needs `npm run build` before.
 * Usage: node scripts/check-package.ts
 */
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { codeBlocks } from './markdown.ts';
import { auditProblems, licenceProblems, lintProblems, typeProblems } from './package-quality.ts';

const AWS_CDK_LIB = '2.276.0';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'freshpoint-package-'));
const app = join(folder, 'app');

/** Without what npm tells the scripts that it runs: it would make another npm look at this workspace. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?!config_)/i.test(name)));

function run(command: string, args: readonly string[], options: SpawnOptions): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: environment,
    ...options,
  });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`, { cause: error });
  }
  return String(stdout);
}

function check(expected: string, holds: () => boolean): void {
  if (!holds()) throw new Error(`Expected, and not so: ${expected}`);
  console.log(`✔ ${expected}`);
}

function pack(): string[] {
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  const workspaces = ['@freshpoint/cdk', '@freshpoint/local', 'freshpoint'].map((name) => `--workspace=${name}`);
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', `--pack-destination=${tarballs}`, ...workspaces], { cwd: root }),
  ) as { name: string; filename: string; files: { path: string }[] }[];
  for (const { name, files } of Object.values(packed)) {
    const paths = files.map(({ path }) => path);
    check(`${name} has its licence and its readme`, () => paths.includes('LICENSE') && paths.includes('README.md'));
    if (name === '@freshpoint/cdk') {
      check(`${name} has the licences of what is bundled`, () => paths.includes('assets/THIRD-PARTY-NOTICES'));
    }
    const foreign = paths.filter((path) => /(^|\/)(test|src|node_modules)\/|(?<!\.d)\.ts$/.test(path));
    check(
      `${name} has neither sources nor tests${foreign.length > 0 ? `: ${foreign}` : ''}`,
      () => foreign.length === 0,
    );
  }
  return readdirSync(tarballs).map((name) => join(tarballs, name));
}

function install(tarballs: readonly string[]): void {
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  // The registry as it is configured for this repository.
  cpSync(join(root, '.npmrc'), join(app, '.npmrc'));
  run('npm', ['install', '--ignore-scripts', ...tarballs, `aws-cdk-lib@${AWS_CDK_LIB}`, 'constructs@^10.5.1'], {
    cwd: app,
  });
}

/** What linters of packages, a list of allowed licences and the registry's audit say. */
async function inspect(tarballs: readonly string[]): Promise<void> {
  const clean = (expected: string, problems: readonly string[]) =>
    check([expected, ...problems].join('\n  '), () => problems.length === 0);
  for (const tarball of tarballs) {
    const name = basename(tarball);
    clean(`publint finds nothing in ${name}`, await lintProblems(tarball));
    // The command has no types.
    if (!/^freshpoint-\d/.test(name)) clean(`the types of ${name} resolve`, typeProblems(tarball));
  }
  clean('all that is installed with them may be used', licenceProblems(app));
  const audit = auditProblems(app, environment);
  if (audit === undefined) console.log('- this registry serves no audit');
  else clean('npm audit finds nothing in what is installed with them', audit);
}

/** The version of all workspaces, and of what they want of each other. */
function checkVersions(): void {
  const manifests = globSync('{packages/*,test/*,examples/*,simulation,demo,bench}/package.json', { cwd: root });
  const versions = manifests.map((path) => {
    const { version } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { version: string };
    return `${version} in ${path}`;
  });
  const [first = ''] = versions[0]?.split(' ') ?? [];
  const others = versions.filter((version) => !version.startsWith(`${first} `));
  check(`all workspaces have the version ${[first, ...others]}`, () => others.length === 0);
}

function synthesize(): string {
  const [snippet] = codeBlocks(readFileSync(join(root, 'README.md'), 'utf8'), 'ts');
  if (!snippet) throw new Error('README.md has no TypeScript snippet.');
  writeFileSync(join(app, 'app.mts'), `${snippet.text}\n(stack.node.root as App).synth();\n`);
  const assembly = join(app, 'cdk.out');
  run(process.execPath, ['app.mts'], { cwd: app, env: { ...environment, CDK_OUTDIR: assembly } });
  const template = JSON.parse(readFileSync(join(assembly, 'Iris.template.json'), 'utf8'));
  const types = Object.values(template.Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
  check(
    `the README's stack synthesizes with aws-cdk-lib ${AWS_CDK_LIB}`,
    () => types.filter((type) => type === 'AWS::SageMaker::EndpointConfig').length === 2,
  );
  return assembly;
}

/** Deploys the README's stack to the packed runtime; its bucket and model are made first, as somebody would on AWS. */
function deploy(assembly: string): void {
  const content = join(folder, 'model');
  mkdirSync(join(content, 'code'), { recursive: true });
  writeFileSync(
    join(content, 'code', 'inference.mjs'),
    "export const model_fn = () => 0; export const predict_fn = () => 'yes';\n",
  );
  run('tar', ['-czf', join(app, 'model.tar.gz'), 'code'], { cwd: content });
  writeFileSync(
    join(app, 'deploy.mts'),
    `
import { readFileSync } from 'node:fs';
import { startLocalRuntime } from '@freshpoint/local';

const runtime = await startLocalRuntime({ stateDir: 'state' });
const signed = (service: string) => ({
  authorization: \`AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/\${service}/aws4_request, SignedHeaders=host, Signature=0\`,
});
const call = async (path: string, service: string, method: string, body?: Uint8Array | string) => {
  const response = await fetch(runtime.url + path, { method, body, headers: signed(service) });
  const text = await response.text();
  if (!response.ok) throw new Error(\`\${method} \${path}: \${response.status} \${text}\`);
  return text;
};
await call('/my-models', 's3', 'PUT');
await call('/my-models/model.tar.gz', 's3', 'PUT', readFileSync('model.tar.gz'));
await runtime.deploy(${JSON.stringify(assembly)});
console.log(await call('/endpoints/iris/invocations', 'sagemaker', 'POST', '[]'));
await runtime.stop();
`,
  );
  const answer = run(process.execPath, ['deploy.mts'], { cwd: app });
  check('the packed local runtime deploys it, and the endpoint answers', () => answer.trim().endsWith('"yes"'));
}

/** In the folder of a CDK app, the packed command synthesizes and deploys it. */
async function ownApp(): Promise<void> {
  writeFileSync(join(app, 'cdk.json'), JSON.stringify({ app: `"${process.execPath}" app.mts` }));
  const bin = join(app, 'node_modules/.bin/freshpoint');
  const args = ['local', '--port', '0', '--json', '--write-env', 'aws.env'];
  const child = spawn(bin, args, { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, reason } = JSON.parse(line);
    if (event !== 'failed') continue;
    // Its bucket is the user's, who makes it first.
    check('freshpoint local deploys the app of its folder', () => /Stack Iris .*my-models/.test(reason));
    check('and writes the variables', () => readFileSync(join(app, 'aws.env'), 'utf8').includes('AWS_DEFAULT_REGION='));
    child.kill('SIGTERM');
  }
  await ended;
}

/** Without the local runtime, which has many dependencies: all commands but `freshpoint local`, on Node 20, too. */
function commandAlone(tarballs: readonly string[]): void {
  const alone = join(folder, 'alone');
  mkdirSync(alone);
  writeFileSync(join(alone, 'package.json'), JSON.stringify({ name: 'alone', private: true }));
  cpSync(join(root, '.npmrc'), join(alone, '.npmrc'));
  const tarball = tarballs.filter((path) => /\/freshpoint-\d/.test(path));
  run('npm', ['install', '--ignore-scripts', ...tarball], { cwd: alone });
  check('freshpoint installs without the local runtime', () => !existsSync(join(alone, 'node_modules/@freshpoint')));
  const main = join(alone, 'node_modules/freshpoint/dist/main.js');
  const { status, stderr } = spawnSync(process.execPath, [main, 'local'], { cwd: alone, encoding: 'utf8' });
  check('freshpoint local says how to install it', () => status === 1 && stderr.includes('npm install --save-dev'));
  const oldest = oldestNode();
  if (oldest === undefined) {
    console.log('- there is no Node 20 here to try the command on');
    return;
  }
  const env = { ...environment, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
  const asked = spawnSync(oldest, [main, 'status'], { cwd: alone, encoding: 'utf8', env });
  check('freshpoint runs on Node 20', () => asked.status === 1 && /^freshpoint: ssm:[^\n]*\n$/.test(asked.stderr));
}

/** A Node 20 in the path. */
function oldestNode(): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((path) => join(path, 'node'));
  return candidates.find((path) => spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v20.'));
}

/**
 * history and back, with what they bundle of the engine and what they load of the SDK, against a runtime with no
 * endpoint.
 */
async function liveCommands(bin: string, url: string): Promise<void> {
  const env = {
    ...environment,
    ...{ AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  };
  for (const args of [
    ['history', '--help'],
    ['rollback', '--help'],
  ]) {
    check(`freshpoint ${args.join(' ')}`, () => run(bin, args, { cwd: app }).startsWith('Usage: freshpoint'));
  }
  check('freshpoint history asks AWS', () =>
    run(bin, ['history'], { cwd: app, env }).startsWith('There is no endpoint'),
  );
  const { status, stderr } = spawnSync(bin, ['rollback', 'Iris/Endpoint'], { cwd: app, env, encoding: 'utf8' });
  check(
    'freshpoint rollback says what is missing in one line',
    () => status === 1 && /^freshpoint: There is no endpoint "Iris\/Endpoint"[^\n]*\n$/.test(stderr),
  );
  await servedConsole(env);
}

/** The page is served, and shows what AWS says: on Node 20, where there is one. */
async function servedConsole(env: NodeJS.ProcessEnv): Promise<void> {
  const args = [join(app, 'node_modules/freshpoint/dist/main.js'), 'console', '--port', '0', '--json'];
  const child = spawn(oldestNode() ?? process.execPath, args, { cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const { origin, hash } = new URL(JSON.parse(line).url);
    const files = ['/', '/page.css', '/page.js'].map(async (path) => (await fetch(origin + path)).ok);
    const isServed = (await Promise.all(files)).every(Boolean);
    check('freshpoint console serves its page', () => isServed);
    const authorization = hash.replace('#token=', 'Bearer ');
    const { body } = await fetch(`${origin}/events`, { headers: { authorization } });
    const { value } = (await body?.getReader().read()) ?? {};
    check('its page gets what AWS says', () => /"kind":"overview"/.test(Buffer.from(value ?? []).toString()));
    child.kill('SIGTERM');
  }
  const exitCode = await ended;
  check('freshpoint console ends on SIGTERM', () => exitCode === 0);
}

async function command(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
  const bin = join(app, 'node_modules/.bin/freshpoint');
  check('freshpoint --version', () => run(bin, ['--version'], { cwd: app }).trim() === version);
  const child = spawn(bin, ['local', '--port', '0', '--json'], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, url } = JSON.parse(line);
    if (event !== 'ready') continue;
    try {
      await liveCommands(bin, url);
    } finally {
      child.kill('SIGTERM');
    }
  }
  const exitCode = await ended;
  check('freshpoint local starts, and ends on SIGTERM', () => exitCode === 0);
}

try {
  const tarballs = pack();
  checkVersions();
  install(tarballs);
  await inspect(tarballs);
  const assembly = synthesize();
  deploy(assembly);
  await command();
  await ownApp();
  commandAlone(tarballs);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
