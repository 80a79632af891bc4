import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { type EndpointSpec, historyPrefix, specParameterName, stateKey } from '@freshpoint/cdk/contract';
import type { RefreshRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { NAMES } from '@freshpoint-examples/iris/names';
import { llmApp } from '@freshpoint-examples/llm/llm-app';
import { Duration } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { isServing, type RefresherIds, Stage, type Template } from './stage.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** A statement that is removed, by its actions, and the consequence. */
interface Case {
  readonly removed: string;
  /** The call that is denied. */
  readonly denied: string;
  /** The last thing that works: nothing, so that the deployment waits or fails; v1 in service; or later steps. */
  readonly until: 'deployment' | 'v1' | 'later';
  readonly effect: string;
}

const ENDPOINT = 'sagemaker:DescribeEndpoint sagemaker:UpdateEndpoint';
const QUEUE = 'sqs:ReceiveMessage sqs:ChangeMessageVisibility sqs:GetQueueUrl sqs:DeleteMessage sqs:GetQueueAttributes';

const STORE = 's3:GetObject s3:PutObject s3:AbortMultipartUpload s3:ListMultipartUploadParts';

const CASES: readonly Case[] = [
  { removed: 'sqs:SendMessage', denied: 'sqs:SendMessage', until: 'deployment', effect: 'no request can be sent' },
  { removed: 'logs:CreateLogStream logs:PutLogEvents', denied: 'logs:', until: 'later', effect: 'there is no log' },
  { removed: 'events:PutEvents', denied: 'events:PutEvents', until: 'later', effect: 'the refresh never ends' },
  { removed: ENDPOINT, denied: 'sagemaker:DescribeEndpoint', until: 'deployment', effect: 'nothing can be confirmed' },
  { removed: 'sagemaker:UpdateEndpoint', denied: 'sagemaker:UpdateEndpoint', until: 'v1', effect: 'no swap' },
  { removed: 'ssm:GetParameters', denied: 'ssm:GetParameters', until: 'deployment', effect: 'there is no spec' },
  { removed: STORE, denied: 's3:GetObject', until: 'deployment', effect: 'there is no state' },
  {
    removed: 'cloudformation:DescribeStacks',
    denied: 'cloudformation:DescribeStacks',
    until: 'v1',
    effect: 'no swap, as a deployment may be running',
  },
  { removed: 's3:GetObject', denied: 's3:HeadObject', until: 'deployment', effect: 'the sources cannot be observed' },
  {
    removed: 's3:ListBucket',
    denied: 's3:GetObject',
    until: 'deployment',
    effect: 'a missing state seems forbidden',
  },
  {
    removed: 's3:PutObject s3:AbortMultipartUpload',
    denied: 's3:CopyObject',
    until: 'deployment',
    effect: 'the first model is not copied to the source',
  },
  { removed: 's3:DeleteObject', denied: 's3:DeleteObject', until: 'later', effect: 'old revisions stay' },
];

/** The statements of every policy on the refresher's role, each with the array that contains it. */
function statementsOfRole({ Resources }: Template): { statement: Statement; within: Statement[] }[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) => {
    if (!/^AWS::IAM::(Managed)?Policy$/.test(Type)) return [];
    const { PolicyDocument, Roles } = Properties as { PolicyDocument: { Statement: Statement[] }; Roles?: unknown };
    if (!JSON.stringify(Roles ?? '').includes('FreshpointRefresherRole')) return [];
    return PolicyDocument.Statement.map((statement) => ({ statement, within: PolicyDocument.Statement }));
  });
}

/** Removes the statement with these actions from the refresher's role. */
function without(actions: string): (stackName: string, template: Template) => void {
  return (_, template) => {
    keepFewRevisions(template);
    for (const { statement, within } of statementsOfRole(template)) {
      if (actionsOf(statement) === actions) within.splice(within.indexOf(statement), 1);
    }
  };
}

const actionsOf = ({ Action }: Statement) => [Action].flat().join(' ');

/** A template in which the revision store keeps no more than a rollback by two steps needs. */
function keepFewRevisions({ Resources }: Template): void {
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::SSM::Parameter') continue;
    const edited = JSON.stringify(Properties).replace('\\"waitTime\\":', '\\"retainRevisions\\":3,\\"waitTime\\":');
    Object.assign(Properties, JSON.parse(edited));
  }
}

/** Refreshes, an unreadable message, a missing source and a rollback: together they need every permission. */
async function usePermissions(stage: Stage, bucket: string): Promise<void> {
  await stage.upload(bucket, NAMES.modelKey, 'v2');
  await stage.untilServes('Iris', 'v2');
  await stage.untilLog('v2 is served', isServing);

  const ids = await stage.refresherOf(NAMES.stack);
  await deadLetterMessage(stage, ids);
  await removeSource(stage, bucket, ids);

  // v1 is in no slot any more.
  const from = stage.log.length;
  await stage.upload(bucket, NAMES.modelKey, 'v3');
  await stage.untilLog('v3 is served', ({ decision }) => decision === 'succeeded', from);
  await pinFirst(stage);
  await stage.requestReconcile(ids.queueUrl, NAMES.endpointId);
  await stage.untilServes('Iris', 'v1');
  await stage.upload(bucket, NAMES.modelKey, 'v4');
  await stage.untilServes('Iris', 'v4');
}

async function deadLetterMessage(stage: Stage, { queueUrl, deadLetterQueueUrl }: RefresherIds): Promise<void> {
  const body = 'not a reconcile request';
  await stage.callAsRoot('sqs', 'SendMessage', { QueueUrl: queueUrl, MessageBody: body });
  const { Messages } = await stage.until('the message is in the dead-letter queue', async () => {
    const answer = await stage.callAsRoot('sqs', 'ReceiveMessage', { QueueUrl: deadLetterQueueUrl });
    return answer.Messages?.length > 0 && answer;
  });
  expect(Messages[0].Body).toBe(body);
}

async function removeSource(stage: Stage, bucket: string, { queueUrl, logGroupName }: RefresherIds): Promise<void> {
  const from = stage.log.length;
  await stage.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: NAMES.modelKey }));
  await stage.requestReconcile(queueUrl, NAMES.endpointId);
  await stage.untilLog('the source is missing', ({ reason }) => reason === 'SourceMissing', from);
  await stage.until('the log group has the decisions', async () => {
    const { events = [] } = await stage.callAsRoot('logs', 'FilterLogEvents', { logGroupName });
    return events.some(({ message }: { message: string }) => message.includes('SourceMissing'));
  });
}

/** Pins the revision of the first deployment. */
async function pinFirst(stage: Stage): Promise<void> {
  const Name = specParameterName(NAMES.endpointId);
  const { Parameter } = await stage.callAsRoot('ssm', 'GetParameter', { Name });
  const { store } = JSON.parse(Parameter.Value) as EndpointSpec;
  const { bucket: Bucket } = store;
  const { Contents = [] } = await stage.s3.send(new ListObjectsV2Command({ Bucket, Prefix: historyPrefix(store) }));
  const Key = Contents.find((each) => each.Key?.endsWith('-deployed.json'))?.Key;
  const { revision } = await jsonAt<RefreshRecord>(stage, { Bucket, Key });
  const state = { Bucket, Key: stateKey(store) };
  const pinned = { ...(await jsonAt<EndpointState>(stage, state)), pin: { revision, by: 'test', at: Date.now() } };
  await stage.s3.send(new PutObjectCommand({ ...state, Body: JSON.stringify(pinned) }));
}

async function jsonAt<T>(
  stage: Stage,
  input: { readonly Bucket: string; readonly Key: string | undefined },
): Promise<T> {
  const { Body } = await stage.s3.send(new GetObjectCommand({ ...input }));
  return JSON.parse((await Body?.transformToString()) ?? '') as T;
}

describe("the refresher's role", () => {
  test('has every permission that it needs, and no other', async () => {
    const found: string[] = [];
    const stage = await Stage.open({
      edit: (_, template) => {
        keepFewRevisions(template);
        found.push(...statementsOfRole(template).map(({ statement }) => actionsOf(statement)));
      },
    });
    try {
      await usePermissions(stage, await stage.deployIris());
      expect(stage.denials).toEqual([]);
      // Every statement has its case below.
      expect(found.sort()).toEqual([QUEUE, ...CASES.map(({ removed }) => removed)].sort());
    } finally {
      await stage.close();
    }
  });

  test('without the statement on its queue the deployment fails', async () => {
    const stage = await Stage.open({ edit: without(QUEUE) });
    try {
      await expect(stage.deployIris()).rejects.toThrow(
        'The function execution role does not have permissions to call ReceiveMessage on SQS',
      );
    } finally {
      await stage.close();
    }
  });

  test.concurrent.each(CASES)('without "$removed" $effect', async ({ removed, denied, until }) => {
    const stage = await Stage.open({ edit: without(removed) });
    try {
      const deploying = stage.deployIris();
      // It may fail or still wait when the test has ended.
      deploying.catch(() => undefined);
      const finished =
        until === 'deployment'
          ? new Promise<never>(() => undefined)
          : usePermissions(stage, await deploying).then(
              () => new Error('nothing was denied'),
              (error: Error) => error,
            );
      const find = () => stage.denials.find(({ action }) => action.startsWith(denied));
      const denial = await Promise.race([stage.until(`${denied} is denied`, find), finished]);
      if (denial instanceof Error) throw denial;
      expect(denial.message).toMatch(/is not authorized to perform|Forbidden|Access ?Denied/i);
      if (until === 'v1') expect(await stage.answer('Iris')).toBe('v1');
    } finally {
      await stage.close();
    }
  });
});

/** A resource that is removed from the statements with these actions, and the call that is denied then. */
interface ResourceCase {
  readonly actions: string;
  readonly resource: RegExp;
  readonly denied: string;
  readonly effect: string;
}

const FOLDER_CASES: readonly ResourceCase[] = [
  { actions: 's3:GetObject', resource: /llm\/\*/, denied: 's3:CopyObject', effect: 'no file is copied' },
  { actions: 's3:ListBucket', resource: /Models/, denied: 's3:ListObjectsV2', effect: 'no file is found' },
  { actions: 'kms:Decrypt', resource: /Models/, denied: 's3:CopyObject', effect: 'no file is decrypted' },
  { actions: 's3:DeleteObject', resource: /Llm/, denied: 's3:DeleteObjects', effect: 'a slot keeps old files' },
];

describe("the role's permissions for uncompressed data", () => {
  const code =
    'export const model_fn = () => ({ generated: "text" });\nexport const predict_fn = (_, model) => model;\n';
  const quickLlm = (outdir: string) =>
    llmApp({ outdir, waitTime: Duration.seconds(1), pollInterval: Duration.seconds(1) });

  async function withLlm(
    edit: (stackName: string, template: Template) => void,
    work: (stage: Stage, bucket: string) => Promise<void>,
  ): Promise<void> {
    const stage = await Stage.open({ app: quickLlm, edit });
    try {
      const { BucketName = '' } = await stage.deploy('LlmData');
      await upload(stage, BucketName, { 'code/inference.mjs': code, 'weights/1.bin': '1', _SUCCESS: 'done' });
      await work(stage, BucketName);
    } finally {
      await stage.close();
    }
  }
  async function upload(stage: Stage, bucket: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, Body] of Object.entries(files)) {
      await stage.s3.send(new PutObjectCommand({ Bucket: bucket, Key: `llm/${path}`, Body }));
    }
  }
  /** A revision without a file of the ones before, in both slots. */
  async function replaceFiles(stage: Stage, bucket: string): Promise<void> {
    await stage.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'llm/weights/1.bin' }));
    await upload(stage, bucket, { 'weights/2.bin': '2', _SUCCESS: 'done' });
    await stage.untilLog('it is served', ({ decision }) => decision === 'succeeded');
  }

  test('are enough', async () => {
    await withLlm(
      () => undefined,
      async (stage, bucket) => {
        await stage.deploy('Llm');
        await replaceFiles(stage, bucket);
        expect(stage.denials).toEqual([]);
      },
    );
  });

  test.concurrent.each(FOLDER_CASES)('without $resource in "$actions" $effect', async ({ denied, ...removed }) => {
    await withLlm(withoutResource(removed), async (stage, bucket) => {
      const finished = stage.deploy('Llm').then(() => replaceFiles(stage, bucket));
      // It may still wait when the test has ended.
      finished.catch(() => undefined);
      await stage.until(`${denied} is denied`, () => stage.denials.some(({ action }) => action === denied));
    });
  });

  test("of the models: without the listing of the slots' folders, the deployment fails", async () => {
    const edit = (_: string, { Resources }: Template) => {
      for (const { Type, Properties } of Object.values(Resources)) {
        if (Type !== 'AWS::S3::BucketPolicy') continue;
        const document = Properties.PolicyDocument as { Statement: Statement[] };
        document.Statement = document.Statement.filter((statement) => actionsOf(statement) !== 's3:ListBucket');
      }
    };
    await withLlm(edit, async (stage) => {
      await expect(stage.deploy('Llm')).rejects.toThrow(/Could not access model data at .*\/a\/0\//);
    });
  });
});

/** Removes the resource from the statements with these actions of the refresher's role. */
function withoutResource({ actions, resource }: Omit<ResourceCase, 'denied' | 'effect'>) {
  return (_: string, template: Template): void => {
    for (const { statement, within } of statementsOfRole(template)) {
      if (actionsOf(statement) !== actions) continue;
      const left = [statement.Resource].flat().filter((each) => !resource.test(JSON.stringify(each)));
      within.splice(within.indexOf(statement), 1, ...(left.length > 0 ? [{ ...statement, Resource: left }] : []));
    }
  };
}
