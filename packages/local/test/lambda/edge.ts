import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { account, roleArn } from '@freshpoint/simulator/test/lambda/fakes';
import { Cloud, root } from '#simulator/core/cloud';
import { createLambda, type FunctionLogLine, type LambdaExtras } from '#simulator/lambda/index';
import { startGateway } from '../../src/gateway/gateway.ts';
import { createCodeStore } from '../../src/lambda/code-store.ts';
import { createProcessRunnerFactory } from '../../src/lambda/process-runner.ts';
import { createProcessHost } from '../../src/processes/index.ts';
import { systemClock, systemIds } from '../../src/system.ts';

/** Lambda with real child processes behind a real port, and the AWS SDK's client for it. */
export async function edge(extras: Partial<LambdaExtras> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'freshpoint-lambda-'));
  const host = createProcessHost({ memoryIntervalMs: 25 });
  const cloud = new Cloud();
  const log: FunctionLogLine[] = [];
  const lambda = createLambda(
    { account, clock: systemClock, ids: systemIds, cloud },
    {
      runner: createProcessRunnerFactory(host),
      code: createCodeStore(join(folder, 'code')),
      onLog: (line) => log.push(line),
      ...extras,
    },
  );
  cloud.register(lambda.service);
  const gateway = await startGateway({
    port: 0,
    cloud,
    clock: systemClock,
    iam: { callerOf: () => root(account) },
    ids: systemIds,
  });
  const client = new LambdaClient({
    endpoint: gateway.url,
    region: account.region,
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  let made = 0;

  /** Makes a function of files on disk; returns its name. */
  const create = async (files: Record<string, string>, settings: object = {}) => {
    made += 1;
    const asset = join(folder, `asset-${made}`);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(asset, path)), { recursive: true });
      await writeFile(join(asset, path), content);
    }
    const input = {
      FunctionName: `fn-${made}`,
      Role: roleArn,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { LocalPath: asset },
      ...settings,
    };
    await cloud.call('lambda', 'CreateFunction', input, root(account));
    return `fn-${made}`;
  };

  /** Invokes by the SDK: the answer parsed, FunctionError, the log's tail. */
  const invoke = async (FunctionName: string, event: unknown = {}) => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(event), LogType: 'Tail' }),
    );
    return {
      error: answer.FunctionError,
      payload: JSON.parse(answer.Payload?.transformToString() || 'null'),
      tail: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
    };
  };

  return {
    folder,
    host,
    cloud,
    url: gateway.url,
    client,
    log,
    create,
    invoke,
    async close() {
      client.destroy();
      await lambda.stop();
      await host.close();
      await gateway.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
