import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { NAMES } from '@freshpoint-examples/iris/names';
import { describe, expect, test } from 'vitest';
import { Stage, type Template } from './stage.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** What is removed, by its actions, and what is seen to break. */
interface Case {
  readonly removed: string;
  /** The call that is refused. */
  readonly denied: string;
  /** How far one gets: to a deployment that waits or fails, to v1 that goes on being served, or beyond. */
  readonly until: 'deployment' | 'v1' | 'later';
  readonly effect: string;
}

const ENDPOINT = 'sagemaker:DescribeEndpoint sagemaker:UpdateEndpoint';
const QUEUE = 'sqs:ReceiveMessage sqs:ChangeMessageVisibility sqs:GetQueueUrl sqs:DeleteMessage sqs:GetQueueAttributes';

const PLACES = 's3:GetObject s3:GetObjectVersion s3:PutObject s3:AbortMultipartUpload s3:ListMultipartUploadParts';

const CASES: readonly Case[] = [
  { removed: 'sqs:SendMessage', denied: 'sqs:SendMessage', until: 'deployment', effect: 'nothing can be promised' },
  { removed: 'logs:CreateLogStream logs:PutLogEvents', denied: 'logs:', until: 'later', effect: 'there is no log' },
  { removed: 'events:PutEvents', denied: 'events:PutEvents', until: 'later', effect: 'the swap is never concluded' },
  { removed: ENDPOINT, denied: 'sagemaker:DescribeEndpoint', until: 'v1', effect: 'nothing is seen' },
  { removed: 'sagemaker:UpdateEndpoint', denied: 'sagemaker:UpdateEndpoint', until: 'v1', effect: 'no swap' },
  { removed: 'ssm:GetParameters', denied: 'ssm:GetParameters', until: 'deployment', effect: 'there is no spec' },
  { removed: 'ssm:PutParameter', denied: 'ssm:PutParameter', until: 'deployment', effect: 'no intent, so no swap' },
  {
    removed: 'cloudformation:DescribeStacks',
    denied: 'cloudformation:DescribeStacks',
    until: 'v1',
    effect: 'it is not known whether a deployment runs, so no swap',
  },
  { removed: 's3:GetObject', denied: 's3:HeadObject', until: 'deployment', effect: 'the sources are not seen' },
  { removed: 's3:ListBucket', denied: 's3:HeadObject', until: 'deployment', effect: 'an empty place looks forbidden' },
  { removed: PLACES, denied: 's3:HeadObject', until: 'deployment', effect: 'the places cannot be filled' },
  {
    removed: 's3:ListBucketVersions',
    denied: 's3:ListObjectVersions',
    until: 'later',
    effect: 'there is no way further back',
  },
];

/** The statements of every policy on the refresher's role, each with the array that holds it. */
function statementsOfRole({ Resources }: Template): { statement: Statement; within: Statement[] }[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) => {
    if (!/^AWS::IAM::(Managed)?Policy$/.test(Type)) return [];
    const { PolicyDocument, Roles } = Properties as { PolicyDocument: { Statement: Statement[] }; Roles?: unknown };
    if (!JSON.stringify(Roles ?? '').includes('FreshpointRefresherRole')) return [];
    return PolicyDocument.Statement.map((statement) => ({ statement, within: PolicyDocument.Statement }));
  });
}

/** Takes the statement with these actions out of the refresher's role. */
function without(actions: string): (stackName: string, template: Template) => void {
  return (_, template) => {
    for (const { statement, within } of statementsOfRole(template)) {
      if (actionsOf(statement) === actions) within.splice(within.indexOf(statement), 1);
    }
  };
}

const actionsOf = ({ Action }: Statement) => [Action].flat().join(' ');

/** The demo's path, with a message that nobody understands and a source that goes away: every permission is needed once. */
async function walk(stage: Stage, bucket: string): Promise<void> {
  await stage.upload(bucket, NAMES.modelKey, 'v2');
  await stage.untilServes('Iris', 'v2');
  await stage.untilLoop('that v2 is served', ({ decision, reason }) => decision === 'done' && reason === 'Serving');

  const { queueUrl, deadLetterQueueUrl, logGroupName } = await partsOf(stage);
  const body = 'not a promise';
  await root(stage, 'sqs', 'SendMessage', { QueueUrl: queueUrl, MessageBody: body });
  const { Messages } = await stage.until('the dead letter', async () => {
    const answer = await root(stage, 'sqs', 'ReceiveMessage', { QueueUrl: deadLetterQueueUrl });
    return answer.Messages?.length > 0 && answer;
  });
  expect(Messages[0].Body).toBe(body);

  const place = stage.loop.length;
  await stage.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: NAMES.modelKey }));
  await root(stage, 'sqs', 'SendMessage', {
    QueueUrl: queueUrl,
    MessageBody: JSON.stringify({ version: 1, endpoint: 'Iris/Endpoint' }),
  });
  await stage.untilLoop('that the source is missing', ({ reason }) => reason === 'SourceMissing', place);
  await stage.until('the log has the loop’s decisions', async () => {
    const { events = [] } = await root(stage, 'logs', 'FilterLogEvents', { logGroupName });
    return events.some(({ message }: { message: string }) => message.includes('SourceMissing'));
  });

  // Back to what no slot holds any more.
  const before = stage.loop.length;
  await stage.upload(bucket, NAMES.modelKey, 'v3');
  await stage.untilLoop('that v3 is served', ({ decision }) => decision === 'succeeded', before);
  await wantFirst(stage, queueUrl);
  await stage.untilServes('Iris', 'v1');
}

/** A person's word: the revision of the first deployment. */
async function wantFirst(stage: Stage, queueUrl: string): Promise<void> {
  const name = (what: string) => `/freshpoint/Iris/Endpoint/${what}`;
  const { Parameters } = await root(stage, 'ssm', 'GetParameterHistory', { Name: name('history') });
  const records = Parameters.map(({ Value }: { Value: string }) => JSON.parse(Value));
  const { revision } = records.find(({ outcome }: { outcome?: string }) => outcome === 'deployed');
  const { Parameter } = await root(stage, 'ssm', 'GetParameter', { Name: name('state') });
  const state = { ...JSON.parse(Parameter.Value), wanted: { revision, by: 'test', at: Date.now() } };
  await root(stage, 'ssm', 'PutParameter', { Name: name('state'), Value: JSON.stringify(state), Overwrite: true });
  const MessageBody = JSON.stringify({ version: 1, endpoint: 'Iris/Endpoint' });
  await root(stage, 'sqs', 'SendMessage', { QueueUrl: queueUrl, MessageBody });
}

async function root(stage: Stage, service: string, operation: string, input: object) {
  const { accountId, partition } = stage.runtime.account;
  return stage.runtime.cloud.call(service, operation, input, { arn: `arn:${partition}:iam::${accountId}:root` });
}

async function partsOf(stage: Stage) {
  const { StackResources } = await root(stage, 'cloudformation', 'DescribeStackResources', {
    StackName: NAMES.endpointStack,
  });
  const find = (id: string) =>
    StackResources.find(({ LogicalResourceId }: { LogicalResourceId: string }) => LogicalResourceId.startsWith(id))
      .PhysicalResourceId as string;
  return {
    queueUrl: find('FreshpointRefresherQueue'),
    deadLetterQueueUrl: find('FreshpointRefresherDeadLetterQueue'),
    logGroupName: find('FreshpointRefresherLog'),
  };
}

describe("the refresher's role", () => {
  test('is enough for the whole path, and nothing is refused on it', async () => {
    const found: string[] = [];
    const stage = await Stage.open({
      edit: (_, template) => found.push(...statementsOfRole(template).map(({ statement }) => actionsOf(statement))),
    });
    try {
      await walk(stage, await stage.deployIris());
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
      // What is missing only then is still waited for when this is over.
      deploying.catch(() => undefined);
      const walking =
        until === 'deployment'
          ? new Promise<never>(() => undefined)
          : walk(stage, await deploying).then(
              () => new Error('the path held'),
              (error: Error) => error,
            );
      const look = () => stage.denials.find(({ action }) => action.startsWith(denied));
      const denial = await Promise.race([stage.until(`${denied} is refused`, look), walking]);
      if (denial instanceof Error) throw denial;
      expect(denial.message).toMatch(/is not authorized to perform|Forbidden|Access ?Denied/i);
      if (until === 'v1') expect(await stage.answer('Iris')).toBe('v1');
    } finally {
      await stage.close();
    }
  });
});
