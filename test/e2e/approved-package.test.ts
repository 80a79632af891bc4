import {
  CreateModelPackageCommand,
  type ModelApprovalStatus,
  type ModelPackageContainerDefinition,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { registryApp } from '@freshpoint-examples/registry/registry-app';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LogEntry, QUICK, Stage } from './stage.ts';

const ENDPOINT = 'iris-approved';

describe('an endpoint whose models are approved in the Model Registry', () => {
  let stage: Stage;
  let bucket: string;
  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir) => registryApp({ ...QUICK, outdir }) });
    ({ BucketName: bucket = '' } = await stage.deploy('RegistryData'));
    for (const name of ['v1', 'v2', 'v3']) await stage.upload(bucket, `${name}/model.tar.gz`, name);
  });
  afterAll(() => stage?.close());

  const container = (name: string) => ({ Image: 'iris:1', ModelDataUrl: `s3://${bucket}/${name}/model.tar.gz` });
  async function register(...Containers: ModelPackageContainerDefinition[]): Promise<string> {
    const { ModelPackageArn = '' } = await stage.sagemaker.send(
      new CreateModelPackageCommand({
        ModelPackageGroupName: 'iris',
        InferenceSpecification: { Containers, SupportedContentTypes: ['text/csv'], SupportedResponseMIMETypes: [] },
      }),
    );
    return ModelPackageArn;
  }
  async function set(ModelPackageArn: string, status: ModelApprovalStatus): Promise<void> {
    await stage.sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: status }));
  }
  /** Until the endpoint is deployed, its refresher may not describe it. */
  const denials = () => stage.denials.filter(({ action }) => action !== 'sagemaker:DescribeEndpoint');
  const ended = (decision: string, reason: string) => (entry: LogEntry) =>
    entry.decision === decision && entry.reason === reason;

  test('cannot be deployed before a package is approved, and the deployment says so', async () => {
    await expect(stage.deploy('Registry')).rejects.toThrow(
      'There is no approved package in model-package-group/iris: approve one. Then deploy again.',
    );
    // The function's last lines can come when the rollback has deleted its permissions.
    stage.denials.length = 0;
  });

  test('is deployed with the newest approved package', async () => {
    await set(await register(container('v1')), 'Approved');
    await stage.deployEndpoints('Registry', 'Endpoint');
    expect(await stage.answer(ENDPOINT)).toBe('v1');
  });

  test('serves a package once it is approved, and the one before once it is rejected', async () => {
    const from = stage.log.length;
    const second = await register(container('v2'));
    await stage.untilLog('the registered package changes nothing', ended('done', 'Serving'), from);
    expect(await stage.answer(ENDPOINT)).toBe('v1');
    await set(second, 'Approved');
    await stage.untilServes(ENDPOINT, 'v2');
    await set(second, 'Rejected');
    await stage.untilServes(ENDPOINT, 'v1');
    expect(denials()).toEqual([]);
  });

  test('keeps its model while a package that does not fit is the newest approved one', async () => {
    const from = stage.log.length;
    const pair = await register(container('v2'), container('v3'));
    await set(pair, 'Approved');
    const isRefused = ({ decision }: LogEntry) => decision === 'refused';
    const { message } = await stage.untilLog('the package is refused', isRefused, from);
    expect(message).toContain(`The package ${pair} has 2 containers, but the model has 1.`);
    expect(await stage.answer(ENDPOINT)).toBe('v1');
    await set(await register(container('v3')), 'Approved');
    await stage.untilServes(ENDPOINT, 'v3');
  });

  test('keeps its model while no package is approved', async () => {
    const from = stage.log.length;
    for (const version of [1, 3, 4]) {
      await set(`arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/${version}`, 'Rejected');
    }
    const missing = await stage.untilLog('no package is approved', ended('requeue', 'SourceMissing'), from);
    expect(missing.message).toBe('There is no approved package in model-package-group/iris: approve one.');
    expect(await stage.answer(ENDPOINT)).toBe('v3');
    expect(denials()).toEqual([]);
  });
});
