import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from './archives.ts';
import { Stage } from './stage.ts';

const KEY = 'iris/model.tar.gz';
let folder: string;
let archive: string;
let stage: Stage | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-e2e-'));
  archive = await writeTinyModel(folder, 'initial');
});
afterEach(() => stage?.close());
afterAll(() => rm(folder, { recursive: true }));

/** One stack that makes the models bucket, too. `last`: a resource after the endpoint, which must be `yes`. */
function oneStack(outdir: string, { last = 'yes', tag = 'one' } = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Iris');
  const bucket = new Bucket(stack, 'Models', { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE });
  new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [
      {
        props: { primaryContainer: { image: 'models:1', modelDataUrl: bucket.urlForObject(KEY) } },
        initialModelData: new Asset(stack, 'InitialModel', { path: archive }),
      },
    ],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'All', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: 'iris', endpointConfigName: 'any' },
    waitTime: Duration.seconds(1),
    pollInterval: Duration.seconds(1),
  });
  Tags.of(endpoint).add('edition', tag);
  const after = new CfnParameter(stack, 'Last', { type: 'String', value: last, allowedPattern: '^yes$' });
  after.node.addDependency(endpoint);
  return app;
}

test('one deployment of one stack serves its initial model data, which later ones do not bring back', async () => {
  stage = await Stage.open({ app: (outdir) => oneStack(outdir) });
  const { BucketName = '' } = await stage.deploy('Iris');
  expect(await stage.answer('iris')).toBe('initial');
  await stage.upload(BucketName, KEY, 'v2');
  await stage.untilServes('iris', 'v2');
  oneStack(stage.assembly, { tag: 'two' }).synth();
  await stage.deploy('Iris');
  await stage.untilServes('iris', 'v2');
});

test('a first deployment that fails leaves nothing behind, whatever was stored for it', async () => {
  stage = await Stage.open({ app: (outdir) => oneStack(outdir, { last: 'no' }) });
  await expect(stage.deploy('Iris')).rejects.toThrow(/allowedPattern|pattern/i);
  const { Buckets = [] } = await stage.s3.send(new ListBucketsCommand({}));
  expect(Buckets.map(({ Name = '' }) => Name).filter((name) => !name.startsWith('cdk-'))).toEqual([]);
  expect(stage.denials).toEqual([]);
});
