import { setTimeout as pause } from 'node:timers/promises';
import { CreateModelPackageCommand, UpdateModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { llmApp } from '@freshpoint-examples/llm/llm-app';
import { registryApp } from '@freshpoint-examples/registry/registry-app';
import { Duration } from 'aws-cdk-lib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ForeignAccount } from './account.ts';

const SECOND = Duration.seconds(1);
const CREATED = { status: 'CREATE_COMPLETE', failures: {} };
/** ministack's listings date objects to the millisecond, HeadObject to the second: the marker must be newer by one. */
const MARKER_DELAY_MS = 1000;

const INFERENCE = `import { readFileSync } from 'node:fs';
export const model_fn = (dir) => ({ name: readFileSync(dir + '/name', 'utf8'), text: 'Hello' });
export const predict_fn = (_, model) => model;
`;

describe('on ministack, with its IAM, the example of', () => {
  let account: ForeignAccount;
  beforeAll(async () => {
    account = await ForeignAccount.open();
  });
  afterAll(() => account?.close());
  afterEach(() => expect(account.denials).toEqual([]));

  test('a large uncompressed model serves what is uploaded before its marker', async () => {
    const app = (outdir: string) => llmApp({ outdir, waitTime: SECOND, pollInterval: SECOND });
    const { outputs } = await account.deploy(app, 'LlmData');
    const upload = async (name: string) => {
      const put = (key: string, text: string) => account.upload(outputs.BucketName ?? '', key, Buffer.from(text));
      await put('llm/code/inference.mjs', INFERENCE);
      await put('llm/name', name);
      await pause(MARKER_DELAY_MS);
      await put('llm/_SUCCESS', '');
    };
    await upload('v1');
    expect(await account.deploy(app, 'Llm')).toMatchObject(CREATED);
    expect(await account.answer('Llm')).toMatchObject({ name: 'v1' });
    await upload('v2');
    await account.untilServes('Llm', 'v2');
    expect(await account.destroy('Llm')).toMatchObject({ status: 'DELETE_COMPLETE' });
  });

  test('the Model Registry serves the package that is approved', async () => {
    const app = (outdir: string) => registryApp({ outdir, waitTime: SECOND, pollInterval: SECOND });
    const { outputs } = await account.deploy(app, 'RegistryData');
    const approve = async (name: string) => {
      const key = `${name}/model.tar.gz`;
      await account.upload(outputs.BucketName ?? '', key, name);
      const ModelPackageArn = await register(account, `s3://${outputs.BucketName}/${key}`);
      const approved = { ModelPackageArn, ModelApprovalStatus: 'Approved' as const };
      await account.sagemaker.send(new UpdateModelPackageCommand(approved));
    };
    await approve('v1');
    expect(await account.deploy(app, 'Registry')).toMatchObject(CREATED);
    expect(await account.answer('iris-approved')).toMatchObject({ name: 'v1' });
    await approve('v2');
    await account.untilServes('iris-approved', 'v2');
    expect(await account.destroy('Registry')).toMatchObject({ status: 'DELETE_COMPLETE' });
  });
});

async function register({ sagemaker }: ForeignAccount, ModelDataUrl: string): Promise<string | undefined> {
  const { ModelPackageArn } = await sagemaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: 'iris',
      InferenceSpecification: {
        Containers: [{ Image: 'iris:1', ModelDataUrl }],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: [],
      },
    }),
  );
  return ModelPackageArn;
}
