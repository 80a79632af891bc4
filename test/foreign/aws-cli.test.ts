import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startLocalRuntime } from '@freshpoint/local';
import { create } from 'tar';
import { expect, test } from 'vitest';
import { environmentOf } from './tools.ts';

const run = promisify(execFile);
/** More than the CLI sends in one part. */
const BIG_BYTES = 20 * 1024 ** 2;
const MAX_OUTPUT_BYTES = 16 * 1024 ** 2;

const FUNCTION = 'export const handler = async (event) => ({ got: event });\n';
const ZIP = 'import zipfile; zipfile.ZipFile("function.zip", "w").write("index.mjs")';

/** The files that the verbs name. */
const FILES: Readonly<Record<string, string>> = {
  'src/a.txt': 'one\n',
  'src/sub/b.txt': 'two\n',
  'big.bin': 'x'.repeat(BIG_BYTES),
  'index.mjs': FUNCTION,
  'trust.json': policy({
    Action: 'sts:AssumeRole',
    Principal: {
      AWS: 'arn:aws:iam::000000000000:root',
      Service: ['lambda.amazonaws.com', 'sagemaker.amazonaws.com'],
    },
  }),
  'policy.json': policy({ Action: ['s3:*', 'sqs:*'], Resource: '*' }),
  'template.yaml': `
Parameters:
  Name: {Type: String, Default: one}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  P: {Type: AWS::SSM::Parameter, Properties: {Name: /cfn/p, Type: String, Value: !Ref Name}}
Outputs:
  Url: {Value: !Ref Queue}
`,
  'model/model.json': '{"x":1}',
  'model/code/inference.mjs': 'export const predict_fn = (input, model) => ({ input, model });',
};

function policy(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
}

test('everyday verbs of aws-cli 1 work, or are refused by name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'freshpoint-foreign-'));
  const problems: unknown[] = [];
  const onProblem = (problem: unknown) => problems.push(problem);
  const runtime = await startLocalRuntime({ stateDir: join(folder, 'state'), onProblem });
  try {
    for (const [path, content] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    await create({ file: join(folder, 'model.tar.gz'), cwd: join(folder, 'model'), gzip: true, portable: true }, ['.']);
    const options = {
      cwd: folder,
      maxBuffer: MAX_OUTPUT_BYTES,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        TMPDIR: folder,
        // What `freshpoint local` prints.
        AWS_ENDPOINT_URL: runtime.url,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      },
    };
    const python = join(environmentOf('aws-cli'), 'bin', 'python');
    await run(python, ['-c', ZIP], options);
    const tools = join(import.meta.dirname, 'aws-cli');
    const { stdout } = await run(python, ['-B', join(tools, 'run-verbs.py'), join(tools, 'verbs.txt')], options);
    const results: { readonly verb: string; readonly problem?: string }[] = JSON.parse(stdout);
    expect(results.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(results.length).toBeGreaterThan(200);
    // The queue has no policy that lets the rule send to it.
    expect(problems.map(String)).toEqual([
      expect.stringMatching(/^Error: An event of .*:rule\/r was not delivered to .*:q2: .*sqs:SendMessage/),
    ]);
  } finally {
    await runtime.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
