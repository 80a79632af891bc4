import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import { asyncApp } from '@freshpoint-examples/async/async-app';
import { llmApp } from '@freshpoint-examples/llm/llm-app';
import { serverlessApp } from '@freshpoint-examples/serverless/serverless-app';
import { afterEach, describe, expect, test } from 'vitest';
import { QUICK, Stage } from './stage.ts';

const KEY = 'iris/model.tar.gz';
/** The model of the LLM example: it answers its smoke test, and with its name. */
const LLM = `import { readFileSync } from 'node:fs';
export const model_fn = (dir) => ({ name: readFileSync(dir + '/name', 'utf8'), generated_text: 'Hello' });
export const predict_fn = (_, model) => model;
`;

describe('the example of', () => {
  let stage: Stage | undefined;
  afterEach(() => stage?.close());

  async function open(app: NonNullable<Parameters<typeof Stage.open>[0]>['app']): Promise<Stage> {
    stage = await Stage.open({ app });
    return stage;
  }

  test('a serverless endpoint serves what is uploaded, and stays serverless', async () => {
    const at = await open((outdir, firstModel) => serverlessApp({ ...QUICK, outdir, firstModel }));
    const { BucketName = '' } = await at.deploy('Serverless');
    expect(await at.answer('iris-serverless')).toBe('v1');
    await at.upload(BucketName, KEY, 'v2');
    await at.untilServes('iris-serverless', 'v2');
    const { ProductionVariants } = await at.describe('iris-serverless');
    expect(ProductionVariants?.[0]?.CurrentServerlessConfig).toMatchObject({ MemorySizeInMB: 2048, MaxConcurrency: 5 });
    expect(at.denials).toEqual([]);
  });

  // The runtime answers at once: it does not simulate the queue of requests. The config and its refresh are real.
  test('an asynchronous endpoint serves what is uploaded, and stays asynchronous', async () => {
    const at = await open((outdir, firstModel) => asyncApp({ ...QUICK, outdir, firstModel }));
    const { ModelsName = '', RequestsName } = await at.deploy('Async');
    const before = await at.describe('iris-async');
    await at.upload(ModelsName, KEY, 'v2');
    await at.untilServes('iris-async', 'v2');
    const { EndpointConfigName } = await at.describe('iris-async');
    expect(EndpointConfigName).not.toBe(before.EndpointConfigName);
    const { AsyncInferenceConfig } = await at.sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
    expect(AsyncInferenceConfig?.OutputConfig).toEqual({
      S3OutputPath: `s3://${RequestsName}/answers/`,
      S3FailurePath: `s3://${RequestsName}/failures/`,
    });
    expect(at.denials).toEqual([]);
  });

  test('a large uncompressed model serves the files that are uploaded before the marker', async () => {
    const at = await open((outdir) => llmApp({ ...QUICK, outdir }));
    const { BucketName } = await at.deploy('LlmData');
    const upload = async (files: Readonly<Record<string, string>>) => {
      for (const [path, Body] of Object.entries(files)) {
        await at.s3.send(new PutObjectCommand({ Bucket: BucketName, Key: `llm/${path}`, Body: Buffer.from(Body) }));
      }
    };
    await upload({ 'code/inference.mjs': LLM, name: 'v1', _SUCCESS: '' });
    await at.deployEndpoints('Llm', 'Endpoint');
    expect(await at.answer('Llm')).toBe('v1');
    const from = at.log.length;
    await upload({ name: 'v2' });
    await at.untilLog('it waits for the marker', ({ reason }) => reason === 'MarkerMissing', from);
    expect(await at.answer('Llm')).toBe('v1');
    await upload({ _SUCCESS: '' });
    await at.untilServes('Llm', 'v2');
  });
});
