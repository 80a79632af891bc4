import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { Expect, ModelData, ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshpoint, objectsIn } from './command-line.ts';
import { type LogEntry, Stage } from './stage.ts';

const ENDPOINT_ID = 'Serving/Endpoint';
const VARIANTS = ['newest', 'pointed', 'approved'] as const;
type Variant = (typeof VARIANTS)[number];

/** A model of each kind of source, on a variant of its own, with its own bucket and KMS key; so has the slot data. */
function mixedApp(outdir: string, level = 'info'): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'Data');
  const bucketOf = (id: string) => {
    const encryptionKey = new Key(data, `${id}Key`);
    const bucket = new Bucket(data, id, { encryptionKey, removalPolicy: RemovalPolicy.RETAIN });
    new CfnOutput(data, `${id}Name`, { value: bucket.bucketName });
    return bucket;
  };
  const [jobs, pointers, archives] = [bucketOf('Jobs'), bucketOf('Pointers'), bucketOf('Archives')];
  const sources: Record<Variant, ModelSource> = {
    newest: ModelSource.newestBelow(jobs, { prefix: 'jobs/' }),
    pointed: ModelSource.pointer(pointers, 'current.txt', { targetBuckets: [archives] }),
    approved: ModelSource.approvedPackage('mixed', { targetBuckets: [archives] }),
  };
  new SagemakerEndpoint(new Stack(app, 'Serving'), 'Endpoint', {
    modelsBucket: jobs,
    modelsProps: VARIANTS.map((modelName) => {
      const { modelDataUrl } = sources[modelName];
      return { modelName, props: { primaryContainer: { image: 'mixed:1', environment: { level }, modelDataUrl } } };
    }),
    modelData: ModelData.perSlot({ bucket: bucketOf('Copies'), retainRevisions: 8 }),
    endpointConfigProps: {
      productionVariants: VARIANTS.map((variantName) => ({
        variantName,
        modelName: variantName,
        instanceType: 'ml.m5.large',
        initialInstanceCount: 1,
      })),
    },
    endpointProps: { endpointName: 'mixed', endpointConfigName: 'any' },
    smokeTests: [{ payload: '[]', contentType: 'application/json', expect: Expect.contains('name') }],
    waitTime: Duration.seconds(1),
    pollInterval: Duration.seconds(1),
  });
  return app;
}

describe('models of several kinds of sources', () => {
  let stage: Stage;
  let buckets: Record<string, string>;
  beforeAll(async () => {
    stage = await Stage.open({ app: mixedApp });
    buckets = await stage.deploy('Data');
    await stage.sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'mixed' }));
    await upload('Jobs', 'jobs/1/model.tar.gz', 'n1');
    await point('p1');
    await approve('a1');
    await stage.deployEndpoints('Serving', 'Endpoint');
  });
  afterAll(() => stage?.close());

  /** Uploads a model, and returns its URI. */
  async function upload(id: string, key: string, name: string): Promise<string> {
    const bucket = buckets[`${id}Name`] ?? '';
    await stage.upload(bucket, key, name);
    return `s3://${bucket}/${key}`;
  }
  async function point(name: string): Promise<void> {
    const Body = await upload('Archives', `released/${name}.tar.gz`, name);
    await stage.s3.send(new PutObjectCommand({ Bucket: buckets.PointersName, Key: 'current.txt', Body }));
  }
  async function approve(name: string): Promise<void> {
    const Containers = [{ Image: 'mixed:1', ModelDataUrl: await upload('Archives', `packages/${name}.tar.gz`, name) }];
    const InferenceSpecification = { Containers, SupportedContentTypes: [], SupportedResponseMIMETypes: [] };
    const created = { ModelPackageGroupName: 'mixed', InferenceSpecification };
    const { ModelPackageArn } = await stage.sagemaker.send(new CreateModelPackageCommand(created));
    const approved = { ModelPackageArn, ModelApprovalStatus: 'Approved' } as const;
    await stage.sagemaker.send(new UpdateModelPackageCommand(approved));
  }
  /** Waits until the variants answer with these models. */
  async function untilServe(...names: string[]): Promise<void> {
    let last: string[] = [];
    await stage.until(
      `${names} serve`,
      async () => {
        last = await Promise.all(VARIANTS.map((variant) => stage.answer('mixed', variant)));
        const { EndpointStatus } = await stage.describe('mixed');
        return String(last) === String(names) && EndpointStatus === 'InService';
      },
      { got: () => `${last} answer` },
    );
  }
  const history = async () => objectsIn(await freshpoint(stage.runtime.url, ['history', ENDPOINT_ID, '--json']));

  test('are deployed and refreshed, each by its own source, from buckets with keys of their own', async () => {
    await untilServe('n1', 'p1', 'a1');
    await upload('Jobs', 'jobs/2/model.tar.gz', 'n2');
    await untilServe('n2', 'p1', 'a1');
    await point('p2');
    await untilServe('n2', 'p2', 'a1');
    await approve('a2');
    await untilServe('n2', 'p2', 'a2');
    const keys = ['jobs/2/model.tar.gz', 'released/p2.tar.gz', 'packages/a2.tar.gz'];
    await stage.until('the history has the keys of what serves', async () => {
      const record = (await history()).find(({ outcome }) => outcome === 'succeeded');
      return keys.every((key) => JSON.stringify(record).includes(key));
    });
    expect(stage.denials.filter(({ action }) => /^(s3|kms):/.test(action))).toEqual([]);
  });

  test('are all rolled back if one of them answers its smoke test wrongly', async () => {
    const from = stage.log.length;
    await upload('Jobs', 'jobs/3/model.tar.gz', 'throws');
    const isRefused = ({ decision }: LogEntry) => decision === 'refused';
    await stage.untilLog('the revision is refused', isRefused, from);
    await untilServe('n2', 'p2', 'a2');
    await upload('Jobs', 'jobs/4/model.tar.gz', 'n4');
    await untilServe('n4', 'p2', 'a2');
  });

  test('return together to the revision that a person rolls back to, which a deployment keeps', async () => {
    const { revision } = (await history()).find(({ outcome }) => outcome === 'deployed') ?? {};
    const { exitCode, error } = await freshpoint(stage.runtime.url, ['rollback', ENDPOINT_ID, '--to', revision]);
    expect(exitCode, error).toBe(0);
    await untilServe('n1', 'p1', 'a1');
    const outdir = join(stage.folder, 'next');
    mixedApp(outdir, 'debug').synth();
    await stage.runtime.deploy(outdir, { stacks: ['Serving'] });
    await untilServe('n1', 'p1', 'a1');
    await approve('a5');
    await untilServe('n4', 'p2', 'a5');
    expect(stage.denials.filter(({ action }) => /^(s3|kms):/.test(action))).toEqual([]);
  });
});
