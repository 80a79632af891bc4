import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  ListStacksCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCloudFormation, type Provider } from '#simulator/cloudformation/index';
import { defaultAccount } from '#simulator/core/account';
import { Cloud, root } from '#simulator/core/cloud';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { systemClock, systemIds } from '../../src/system.ts';

const thing: Provider = {
  replacing: [],
  create: async (_properties, context) => ({ physicalId: context.name({ maxLength: 64 }), attributes: {} }),
  delete: async () => undefined,
};

let gateway: Gateway;
let client: CloudFormationClient;

beforeEach(async () => {
  const cloud = new Cloud();
  const deps = { account: defaultAccount, clock: systemClock, ids: systemIds, cloud };
  const customResponses = {
    create: () => {
      throw new Error('no custom resources here');
    },
  };
  cloud.register(createCloudFormation(deps, { customResponses, providers: { 'Test::Thing': thing } }).service);
  const iam = { callerOf: () => root(defaultAccount) };
  gateway = await startGateway({ port: 0, cloud, clock: systemClock, iam, ids: systemIds });
  client = new CloudFormationClient({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
  });
});

afterEach(async () => {
  client.destroy();
  await gateway.close();
});

const TemplateBody = JSON.stringify({
  Parameters: { P: { Type: 'String', Default: 'd' } },
  Resources: { A: { Type: 'Test::Thing', Properties: { P: { Ref: 'P' } } } },
  Outputs: { O: { Value: { Ref: 'A' } } },
});

describe('the AWS SDK', () => {
  it('creates, describes and deletes a stack', async () => {
    const StackName = 'sdk';
    const { StackId } = await client.send(
      new CreateStackCommand({
        StackName,
        TemplateBody,
        Parameters: [{ ParameterKey: 'P', ParameterValue: 'given' }],
        Tags: [{ Key: 'k', Value: 'v' }],
        DisableRollback: false,
      }),
    );
    const waiter = { client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 };
    await waitUntilStackCreateComplete(waiter, { StackName });
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    expect(Stacks).toMatchObject([
      {
        StackId,
        StackStatus: 'CREATE_COMPLETE',
        CreationTime: expect.any(Date),
        Parameters: [{ ParameterKey: 'P', ParameterValue: 'given' }],
        Outputs: [{ OutputKey: 'O', OutputValue: expect.stringMatching(/^sdk-A-/) }],
        Tags: [{ Key: 'k', Value: 'v' }],
        DisableRollback: false,
      },
    ]);
    const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName }));
    expect(StackEvents?.map(({ ResourceStatus }) => ResourceStatus)).toEqual([
      'CREATE_COMPLETE',
      'CREATE_COMPLETE',
      'CREATE_IN_PROGRESS',
      'CREATE_IN_PROGRESS',
      'CREATE_IN_PROGRESS',
    ]);
    const { StackResources } = await client.send(new DescribeStackResourcesCommand({ StackName }));
    expect(StackResources).toMatchObject([{ LogicalResourceId: 'A', ResourceType: 'Test::Thing' }]);
    expect((await client.send(new GetTemplateCommand({ StackName }))).TemplateBody).toBe(TemplateBody);
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete(waiter, { StackName });
    const { StackSummaries } = await client.send(new ListStacksCommand({ StackStatusFilter: ['DELETE_COMPLETE'] }));
    expect(StackSummaries).toMatchObject([{ StackName, DeletionTime: expect.any(Date) }]);
  });

  it('deploys by change set', async () => {
    const names = { StackName: 'sdk', ChangeSetName: 'cdk-deploy-change-set' };
    await client.send(new CreateChangeSetCommand({ ...names, ChangeSetType: 'CREATE', TemplateBody, Parameters: [] }));
    const changeSet = await client.send(new DescribeChangeSetCommand(names));
    expect(changeSet).toMatchObject({
      Status: 'CREATE_COMPLETE',
      StackName: 'sdk',
      Changes: [{ ResourceChange: { Action: 'Add', LogicalResourceId: 'A' } }],
    });
    await client.send(new ExecuteChangeSetCommand(names));
    await waitUntilStackCreateComplete({ client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, { StackName: 'sdk' });
  });

  it("gets CloudFormation's errors", async () => {
    await expect(client.send(new DescribeStacksCommand({ StackName: 'none' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id none does not exist',
      $metadata: { httpStatusCode: 400 },
    });
    await client.send(new CreateStackCommand({ StackName: 'sdk', TemplateBody }));
    await expect(client.send(new CreateStackCommand({ StackName: 'sdk', TemplateBody }))).rejects.toMatchObject({
      name: 'AlreadyExistsException',
    });
  });
});
