import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DescribeModelCommand, ListModelsCommand } from '@aws-sdk/client-sagemaker';
import { evaluateEndpoint, predictSpecies } from '@freshpoint/demo/endpoint-client';
import { accuracy, trainModels } from '@freshpoint/demo/train';
import { irisApp } from '@freshpoint-examples/iris/iris-app';
import { CODE_FOLDER, NAMES } from '@freshpoint-examples/iris/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CDK_COMMAND } from './cdk-command.ts';
import { QUICK, Stage } from './stage.ts';

const run = promisify(execFile);
const EXAMPLE = dirname(CODE_FOLDER);
const ENDPOINT = 'Iris';

describe('the example iris, deployed with the commands of its README', () => {
  const { heldOut, ...models } = trainModels();
  const rows = heldOut.map(({ measurements }) => measurements);
  /** Has what the README's commands are typed beside, except the app. */
  let folder: string;
  let stage: Stage;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'freshpoint-e2e-'));
    for (const name of ['code', 'v1', 'v2']) await cp(join(EXAMPLE, name), join(folder, name), { recursive: true });
    const firstModel = await packed('v1');
    stage = await Stage.open({ app: (outdir) => irisApp({ ...QUICK, outdir, firstModel }) });
  });
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true });
  });

  /** A copy of the archive that the README's command for this version makes. */
  async function packed(version: 'v1' | 'v2'): Promise<string> {
    const readme = await readFile(join(EXAMPLE, 'README.md'), 'utf8');
    const command = readme.split('\n').find((line) => line.startsWith('tar ') && line.includes(version));
    await run('sh', ['-c', command ?? `echo no command for ${version}; exit 1`], { cwd: folder });
    const archive = join(folder, `${version}.tar.gz`);
    await cp(join(folder, 'model.tar.gz'), archive);
    return archive;
  }
  /** `npx cdk deploy`, whose app is that of the example's cdk.json. */
  async function cdkDeploy(): Promise<void> {
    const app = `${process.execPath} ${join(EXAMPLE, 'app.ts')}`;
    const options = ['--app', app, '--require-approval', 'never', '--no-notices', '--no-color'];
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL: stage.runtime.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      TMPDIR: folder,
    };
    await run(process.execPath, [CDK_COMMAND, 'deploy', ...options], { cwd: folder, env });
  }
  async function expectAnswersOf(version: 'v1' | 'v2'): Promise<void> {
    const { predict } = models[version];
    const expected = { model: version, accuracy: accuracy(predict, heldOut) };
    expect(await evaluateEndpoint(stage.invoke, ENDPOINT, heldOut)).toEqual(expected);
    const { predictions } = await predictSpecies(stage.invoke, ENDPOINT, rows, 'text/csv');
    expect(predictions).toEqual(predict(rows));
  }

  test('by one `cdk deploy`, serves its first model with its Python, and answers like the library', async () => {
    await cdkDeploy();
    await expectAnswersOf('v1');
    const { Models: [model] = [] } = await stage.sagemaker.send(new ListModelsCommand({}));
    const { PrimaryContainer } = await stage.sagemaker.send(new DescribeModelCommand({ ModelName: model?.ModelName }));
    expect(PrimaryContainer).toMatchObject({
      Image: '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3',
      Environment: { SAGEMAKER_PROGRAM: 'inference.py', SAGEMAKER_SUBMIT_DIRECTORY: '/opt/ml/model/code' },
    });
  });

  test.each(['5.1,3.5,1.4', '5.1,3.5,,0.2', '5.1,3.5,nan,0.2', ''])(
    'rejects what is no row of four: %j',
    async (row) => {
      const request = predictSpecies(stage.invoke, ENDPOINT, [row.split(',') as unknown as number[]]);
      await expect(request).rejects.toMatchObject({ name: 'ModelError' });
    },
  );

  test('serves the better model once it is uploaded', async () => {
    // The same stack with shorter pauses.
    const bucket = await stage.deployIris();
    const from = stage.log.length;
    await stage.uploadFile(bucket, NAMES.modelKey, await packed('v2'));
    await stage.untilLog('it is served', ({ decision }) => decision === 'succeeded', from);
    await expectAnswersOf('v2');
    expect(stage.denials).toEqual([]);
  });
});
