import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { NAMES } from '../../names.ts';
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
  /** Whether v1 goes on being served: the path breaks before or at UpdateEndpoint. */
  readonly keepsV1: boolean;
  readonly effect: string;
}

const ENDPOINT = 'sagemaker:DescribeEndpoint sagemaker:UpdateEndpoint';
const QUEUE = 'sqs:ReceiveMessage sqs:ChangeMessageVisibility sqs:GetQueueUrl sqs:DeleteMessage sqs:GetQueueAttributes';

const CASES: readonly Case[] = [
  { removed: 'sqs:SendMessage', denied: 'sqs:SendMessage', keepsV1: false, effect: 'what cannot be kept is nowhere' },
  { removed: 'logs:CreateLogStream logs:PutLogEvents', denied: 'logs:', keepsV1: false, effect: 'there is no log' },
  { removed: 'events:PutEvents', denied: 'events:PutEvents', keepsV1: false, effect: 'the swap is never concluded' },
  { removed: ENDPOINT, denied: 'sagemaker:DescribeEndpoint', keepsV1: true, effect: 'nothing is seen' },
  { removed: 'sagemaker:UpdateEndpoint', denied: 'sagemaker:UpdateEndpoint', keepsV1: true, effect: 'no swap' },
  { removed: 'ssm:GetParameters', denied: 'ssm:GetParameters', keepsV1: true, effect: 'there is no spec' },
  { removed: 'ssm:PutParameter', denied: 'ssm:PutParameter', keepsV1: true, effect: 'no intent, so no swap' },
  {
    removed: 'cloudformation:DescribeStacks',
    denied: 'cloudformation:DescribeStacks',
    keepsV1: true,
    effect: 'it is not known whether a deployment runs, so no swap',
  },
  { removed: 's3:GetObject', denied: 's3:HeadObject', keepsV1: true, effect: 'the upload is not seen' },
  { removed: 's3:ListBucket', denied: 's3:HeadObject', keepsV1: false, effect: 'a missing source looks forbidden' },
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
  await stage.untilLoop('that v2 is served', ({ decision, because }) => decision === 'keep' && because === 'served');

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
  await stage.untilLoop('that the source is missing', ({ because }) => because === 'source-missing', place);
  await stage.until('the log has the loop’s decisions', async () => {
    const { events = [] } = await root(stage, 'logs', 'FilterLogEvents', { logGroupName });
    return events.some(({ message }: { message: string }) => message.includes('source-missing'));
  });
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

  test.concurrent.each(CASES)('without "$removed" $effect', async ({ removed, denied, keepsV1 }) => {
    const stage = await Stage.open({ edit: without(removed) });
    try {
      const bucket = await stage.deployIris();
      const place = stage.denials.length;
      const walking = walk(stage, bucket).then(
        () => new Error('the path held'),
        (error: Error) => error,
      );
      const look = () => stage.denials.slice(place).find(({ action }) => action.startsWith(denied));
      const denial = await Promise.race([stage.until(`${denied} is refused`, look), walking]);
      if (denial instanceof Error) throw denial;
      expect(denial.message).toMatch(/is not authorized to perform|Forbidden|Access ?Denied/i);
      if (keepsV1) expect(await stage.answer('Iris')).toBe('v1');
    } finally {
      await stage.close();
    }
  });
});
