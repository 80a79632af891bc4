import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { writeTinyModel } from '@freshpoint/e2e/archives';
import { until } from '@freshpoint/e2e/until';
import { startLocalRuntime } from '@freshpoint/local';

/**
 * Deploys the usage app to a local runtime: the bucket, a model v1, the endpoint. Then uploads v2. Returns what the
 * endpoint answered after its deployment, and what it answers at last.
 */
export async function uploadsAndAnswers(assembly: string, folder: string): Promise<string[]> {
  const runtime = await startLocalRuntime({ stateDir: join(folder, 'state') });
  const config = {
    endpoint: runtime.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const sagemaker = new SageMakerRuntimeClient({ ...config, maxAttempts: 1 });
  const answer = async (): Promise<string> => {
    const request = { EndpointName: 'usage', ContentType: 'application/json', Body: '[]' };
    const { Body } = await sagemaker.send(new InvokeEndpointCommand(request));
    return JSON.parse(new TextDecoder().decode(Body)).name;
  };
  try {
    const { UsageData } = await runtime.deploy(assembly, { stacks: ['UsageData'] });
    const upload = async (name: string) => {
      const Body = await readFile(await writeTinyModel(folder, name));
      await s3.send(new PutObjectCommand({ Bucket: UsageData?.outputs.BucketName, Key: 'iris/model.tar.gz', Body }));
    };
    await upload('v1');
    await runtime.deploy(assembly, { stacks: ['Usage'] });
    const first = await answer();
    await upload('v2');
    await until('the endpoint serves v2', async () => (await answer()) === 'v2');
    return [first, await answer()];
  } finally {
    s3.destroy();
    sagemaker.destroy();
    await runtime.stop();
  }
}
