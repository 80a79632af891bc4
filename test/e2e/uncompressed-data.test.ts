import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Expect, ModelData, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshpoint, objectsIn } from './command-line.ts';
import { Stage } from './stage.ts';

const ENDPOINT_ID = 'Serving/Endpoint';
const INFERENCE = `import { readFileSync, readdirSync } from 'node:fs';
export const model_fn = (dir) => {
  const { name } = JSON.parse(readFileSync(dir + '/model.json', 'utf8'));
  return { name: name + ' of ' + readdirSync(dir + '/weights').sort().join() };
};
export const predict_fn = (_, model) => model;
`;

/** Two models of uncompressed files, in buckets with keys of their own; callers reach the first. */
function uncompressedApp(outdir: string, level = 'info'): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'Data');
  const [models, others] = ['Models', 'Others'].map((id) => {
    const encryptionKey = new Key(data, `${id}Key`);
    const bucket = new Bucket(data, id, { encryptionKey, removalPolicy: RemovalPolicy.DESTROY });
    new CfnOutput(data, `${id}Name`, { value: bucket.bucketName });
    return { bucket, encryptionKey };
  }) as [Source, Source];
  const modelOf = (modelName: string, s3Uri: string) => {
    const modelDataSource = { s3DataSource: { s3Uri, s3DataType: 'S3Prefix', compressionType: 'None' } };
    return { modelName, props: { primaryContainer: { image: 'llm:1', environment: { level }, modelDataSource } } };
  };
  new SagemakerEndpoint(new Stack(app, 'Serving'), 'Endpoint', {
    modelsBucket: models.bucket,
    modelsProps: [
      modelOf('llm', models.bucket.s3UrlForObject('llm/')),
      modelOf('other', others.bucket.s3UrlForObject('small/')),
    ],
    modelData: ModelData.perSlot({ sourceKeys: [others.encryptionKey] }),
    endpointConfigProps: {
      productionVariants: [
        { variantName: 'All', modelName: 'llm', instanceType: 'ml.m5.large', initialInstanceCount: 1 },
        {
          variantName: 'Other',
          modelName: 'other',
          instanceType: 'ml.m5.large',
          initialInstanceCount: 1,
          initialVariantWeight: 0,
        },
      ],
    },
    endpointProps: { endpointName: 'llm', endpointConfigName: 'any' },
    smokeTests: [{ payload: '[]', contentType: 'application/json', expect: Expect.contains('bin') }],
    waitTime: Duration.seconds(2),
    pollInterval: Duration.seconds(1),
  });
  return app;
}

interface Source {
  readonly bucket: Bucket;
  readonly encryptionKey: Key;
}

describe('uncompressed files', () => {
  let stage: Stage;
  let buckets: { readonly ModelsName?: string; readonly OthersName?: string };
  let first: string;
  beforeAll(async () => {
    stage = await Stage.open({ app: uncompressedApp });
    buckets = await stage.deploy('Data');
    const files = { 'code/inference.mjs': INFERENCE, 'weights/1.bin': '1' };
    await upload({ ...files, 'model.json': '{"name":"v1"}', 'weights/2.bin': '2' });
    await upload({ ...files, 'model.json': '{"name":"o1"}' }, { bucket: buckets.OthersName, folder: 'small/' });
    await stage.deployEndpoints('Serving', 'Endpoint');
    first = await revisionOf('deployed');
  });
  afterAll(() => stage?.close());

  async function upload(
    files: Readonly<Record<string, string>>,
    { bucket = buckets.ModelsName, folder = 'llm/' } = {},
  ): Promise<void> {
    for (const [path, Body] of Object.entries(files)) {
      await stage.s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}${path}`, Body }));
    }
  }
  const remove = (path: string) =>
    stage.s3.send(new DeleteObjectCommand({ Bucket: buckets.ModelsName, Key: `llm/${path}` }));

  /** The revision of the newest record with this outcome. */
  async function revisionOf(outcome: string): Promise<string> {
    const records = objectsIn(await freshpoint(stage.runtime.url, ['history', ENDPOINT_ID, '--json']));
    return records.find((record) => record.outcome === outcome).revision;
  }
  async function command(verb: string, ...options: string[]): Promise<void> {
    const { exitCode, error } = await freshpoint(stage.runtime.url, [verb, ENDPOINT_ID, ...options]);
    expect(exitCode, error).toBe(0);
  }

  test('are deployed for each model, from buckets with different keys', async () => {
    expect(await stage.answer('llm')).toBe('v1 of 1.bin,2.bin');
    expect(await stage.answer('llm', 'Other')).toBe('o1 of 1.bin');
  });

  test('are refreshed, smoke-tested and rolled back: each time exactly those of the revision', async () => {
    await remove('weights/1.bin');
    await upload({ 'model.json': '{"name":"v2"}', 'weights/3.bin': '3' });
    await stage.untilServes('llm', 'v2 of 2.bin,3.bin');
    await upload({ 'model.json': '{"name":"v3"}' });
    await stage.untilServes('llm', 'v3 of 2.bin,3.bin');
    await command('rollback', '--to', first);
    await stage.untilServes('llm', 'v1 of 1.bin,2.bin');
    expect(await stage.answer('llm', 'Other')).toBe('o1 of 1.bin');
    expect(stage.denials).toEqual([]);
  });

  test('that answer wrongly are rolled back to those that served', async () => {
    const from = stage.log.length;
    await upload({ 'weights/2.bin': '2', 'code/inference.mjs': 'export const predict_fn = () => "wrong"' });
    const refused = await stage.untilLog('they are refused', ({ decision }) => decision === 'refused', from);
    expect(refused.message).toContain('wrong');
    await stage.untilServes('llm', 'v1 of 1.bin,2.bin');
    await upload({ 'model.json': '{"name":"v4"}', 'code/inference.mjs': INFERENCE });
    await stage.untilServes('llm', 'v4 of 2.bin,3.bin');
  });

  test('that serve are kept by a deployment, of which newer ones are a refresh', async () => {
    const outdir = join(stage.folder, 'next');
    uncompressedApp(outdir, 'debug').synth();
    await command('suspend');
    await upload({ 'model.json': '{"name":"v5"}' });
    await stage.runtime.deploy(outdir, { stacks: ['Serving'] });
    await stage.untilServes('llm', 'v4 of 2.bin,3.bin');
    await command('resume');
    await stage.untilServes('llm', 'v5 of 2.bin,3.bin');
    expect(stage.denials).toEqual([]);
  });

  test('are refused before the endpoint is touched if a key leads outside', async () => {
    const from = stage.log.length;
    await upload({ 'a/../../evil': 'x' });
    const refused = await stage.untilLog('it is refused', ({ decision }) => decision === 'refused', from);
    expect(refused.message).toMatch(/llm\/a\/\.\.\/\.\.\/evil leads outside the model's folder/);
    expect(await stage.answer('llm')).toBe('v5 of 2.bin,3.bin');
  });
});
