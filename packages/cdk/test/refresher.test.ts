import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Refresher } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import {
  asText,
  Match,
  modelProps,
  newBucket,
  newEndpoint,
  propertiesOf,
  resourcesOf,
  Template,
} from './support/stacks.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** The statements of all managed policies of the stack, with resources as text. */
function statementsOf(stack: Stack): Statement[] {
  return Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).flatMap(({ Properties }) =>
    (Properties.PolicyDocument as { Statement: Statement[] }).Statement.map((statement) => ({
      ...statement,
      Resource: (statement.Resource as unknown[]).map(asText),
    })),
  );
}

/** Length of the policy as IAM counts it, with the longest value for every token; endpoints' names have this length. */
function deployedSize(document: unknown, nameLength = 63): number {
  const arn = (service: string) => `arn:aws-us-gov:${service}:ap-southeast-2:123456789012`;
  const longest: Record<string, string> = {
    'AWS::Partition': 'aws-us-gov',
    'AWS::Region': 'ap-southeast-2',
    'AWS::AccountId': '123456789012',
    'AWS::StackId': `${arn('cloudformation')}:stack/${'s'.repeat(60)}/${'u'.repeat(36)}`,
  };
  const longestValue = (ref: string) => {
    if (/Bucket|FreshpointData/.test(ref)) return 'b'.repeat(63);
    const type = /Config/.test(ref) ? 'endpoint-config' : 'endpoint';
    return longest[ref] ?? `${arn('sagemaker')}:${type}/${'n'.repeat(nameLength)}`;
  };
  const text = JSON.stringify(document, (_, value) => {
    const join = value?.['Fn::Join'] as [string, (string | { Ref?: string })[]] | undefined;
    // What is no reference is the beginning of a config's ARN.
    const longestPart = ({ Ref = 'Config' }: { Ref?: string }) => longestValue(Ref);
    if (join) return join[1].map((part) => (typeof part === 'string' ? part : longestPart(part))).join('');
    return typeof value?.Ref === 'string' ? longestValue(value.Ref) : value;
  });
  return text.length;
}

describe('a refresher', () => {
  test('is shared by all endpoints of a stack', () => {
    const stack = newStack();
    newEndpoint(stack, { endpoint: { endpointName: 'one' } }, 'One');
    newEndpoint(stack, { endpoint: { endpointName: 'two' } }, 'Two');
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SQS::Queue', 2);
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 1);
    expect(Refresher.of(stack)).toBe(Refresher.of(stack));
  });

  test('keeps requests for two weeks and as many receives as SQS allows', () => {
    const stack = newStack();
    newEndpoint(stack);
    const dead = expect.stringMatching(/DeadLetterQueue/);
    expect(propertiesOf(stack, 'AWS::SQS::Queue', /RefresherQueue/)).toEqual({
      MessageRetentionPeriod: 1209600,
      VisibilityTimeout: 360,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { maxReceiveCount: 1000, deadLetterTargetArn: { 'Fn::GetAtt': [dead, 'Arn'] } },
    });
    expect(propertiesOf(stack, 'AWS::SQS::Queue', /DeadLetterQueue/)).toEqual({
      MessageRetentionPeriod: 1209600,
      SqsManagedSseEnabled: true,
    });
  });

  test('handles large batches that can fail in part', () => {
    const stack = newStack();
    newEndpoint(stack);
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 12,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  test.each([
    ['a fifth of the shortest waitTime of its endpoints', [60, 20, 90], 4],
    ['12 seconds at most', [600], 12],
    ['a second at least', [60, 0], 1],
  ])('gathers requests for %s, and the function knows it', (_, waitTimes, seconds) => {
    const app = newApp();
    const refresher = new Refresher(new Stack(app, 'Shared'), 'Refresher');
    for (const [index, waitTime] of waitTimes.entries()) {
      newEndpoint(new Stack(app, `Stack${index}`), { refresher, waitTime: Duration.seconds(waitTime) });
    }
    const shared = Stack.of(refresher);
    const { MaximumBatchingWindowInSeconds } = propertiesOf(shared, 'AWS::Lambda::EventSourceMapping', /Refresher/);
    expect(MaximumBatchingWindowInSeconds).toBe(seconds);
    expect(propertiesOf(shared, 'AWS::Lambda::Function', /Refresher/)).toMatchObject({
      Environment: { Variables: { FRESHPOINT_BATCHING_WINDOW_SECONDS: String(seconds) } },
    });
  });

  test('has a function for Node.js 24 with the URLs of its queues', () => {
    const stack = newStack();
    newEndpoint(stack);
    expect(propertiesOf(stack, 'AWS::Lambda::Function', /Freshpoint/)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: 60,
      Environment: {
        Variables: {
          FRESHPOINT_QUEUE_URL: { Ref: expect.stringMatching(/RefresherQueue/) },
          FRESHPOINT_DEAD_LETTER_QUEUE_URL: { Ref: expect.stringMatching(/DeadLetterQueue/) },
        },
      },
    });
  });

  test('keeps its log for the given time', () => {
    const stack = newStack();
    new Refresher(stack, 'Plain');
    new Refresher(stack, 'Month', { logRetention: RetentionDays.ONE_MONTH });
    expect(propertiesOf(stack, 'AWS::Logs::LogGroup', /Plain/).RetentionInDays).toBe(90);
    expect(propertiesOf(stack, 'AWS::Logs::LogGroup', /Month/).RetentionInDays).toBe(30);
  });

  test('has the memory that is asked for', () => {
    const stack = newStack();
    new Refresher(stack, 'Large', { memorySize: 1024 });
    expect(propertiesOf(stack, 'AWS::Lambda::Function', /Large/).MemorySize).toBe(1024);
  });

  test('runs in a VPC, with the permissions for its network interfaces', () => {
    const stack = newStack();
    const vpc = new Vpc(stack, 'Vpc', { maxAzs: 1 });
    const securityGroup = new SecurityGroup(stack, 'Group', { vpc });
    const vpcSubnets = { subnetType: SubnetType.PUBLIC };
    new Refresher(stack, 'Inside', { vpc, securityGroups: [securityGroup] });
    expect(() => new Refresher(stack, 'Public', { vpc, vpcSubnets })).toThrow(/public subnet/i);
    expect(propertiesOf(stack, 'AWS::Lambda::Function', /Inside/).VpcConfig).toMatchObject({
      SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/^Group/), 'GroupId'] }],
      SubnetIds: [{ Ref: expect.stringMatching(/^VpcPrivate/) }],
    });
    const { PolicyDocument } = propertiesOf(stack, 'AWS::IAM::Policy', /Inside/);
    expect(JSON.stringify(PolicyDocument)).toContain('ec2:CreateNetworkInterface');
  });

  test('encrypts queues, log and environment with a given key, which EventBridge and CloudWatch Logs may use', () => {
    const stack = newStack();
    new Refresher(stack, 'Secret', { encryptionKey: new Key(stack, 'Key') });
    const keyArn = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
    for (const { Properties } of Object.values(resourcesOf(stack, 'AWS::SQS::Queue'))) {
      expect(Properties).toMatchObject({ KmsMasterKeyId: keyArn });
    }
    expect(propertiesOf(stack, 'AWS::Logs::LogGroup')).toMatchObject({ KmsKeyId: keyArn });
    expect(propertiesOf(stack, 'AWS::Lambda::Function', /Secret/)).toMatchObject({ KmsKeyArn: keyArn });
    const { KeyPolicy } = propertiesOf(stack, 'AWS::KMS::Key');
    const services = (KeyPolicy as { Statement: { Principal: { Service?: unknown } }[] }).Statement.flatMap(
      ({ Principal: { Service } }) => (Service === undefined ? [] : [asText(Service)]),
    );
    expect(services).toEqual(['events.amazonaws.com', 'logs.<AWS::Region>.<AWS::URLSuffix>']);
    const { PolicyDocument } = propertiesOf(stack, 'AWS::IAM::Policy', /Secret/);
    expect((PolicyDocument as { Statement: Statement[] }).Statement).toContainEqual(
      expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: keyArn }),
    );
  });

  test('deletes its log and dead letters with the stack, unless they are retained', () => {
    const policies = (removalPolicy?: RemovalPolicy) => {
      const stack = newStack();
      new Refresher(stack, 'Refresher', { removalPolicy });
      const { Resources } = Template.fromStack(stack).toJSON() as { Resources: Record<string, object> };
      return Object.entries(Resources)
        .filter(([id]) => /Log|DeadLetterQueue/.test(id) && !/Policy/.test(id))
        .map(([, resource]) => (resource as { DeletionPolicy?: string }).DeletionPolicy);
    };
    expect(policies()).toEqual(['Delete', 'Delete']);
    expect(policies(RemovalPolicy.RETAIN)).toEqual(['Retain', 'Retain']);
  });

  test('has a queue policy that does not grow with the number of rules', () => {
    const statements = (endpoints: number) => {
      const stack = newStack();
      for (let n = 0; n < endpoints; n++) newEndpoint(stack, { endpoint: { endpointName: `e${n}` } }, `E${n}`);
      return propertiesOf(stack, 'AWS::SQS::QueuePolicy', /RefresherQueue/).PolicyDocument as { Statement: unknown[] };
    };
    expect(statements(5).Statement).toHaveLength(2);
    expect(statements(1).Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnLike: { 'aws:SourceArn': expect.anything() } },
      }),
    );
  });
});

describe('the permissions of the function', () => {
  test('name their resources, with one statement per set of actions', () => {
    const stack = newStack();
    newEndpoint(stack);
    const parameters = 'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/freshpoint/Test/*/spec';
    const bucket = 'arn:<AWS::Partition>:s3:::<Bucket83908E77>';
    const copies = 'arn:<AWS::Partition>:s3:::<FreshpointData33F10FCE>';
    const allow = (Action: string[], ...Resource: unknown[]) => ({ Effect: 'Allow', Action, Resource });
    expect(statementsOf(stack)).toEqual([
      allow(['ssm:GetParameters'], parameters),
      allow(
        ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        `${copies}/Test/*/*`,
      ),
      allow(['s3:ListBucket'], copies, bucket),
      allow(['s3:DeleteObject'], `${copies}/Test/*/*`),
      allow(['cloudformation:DescribeStacks'], '<AWS::StackId>'),
      allow(['s3:GetObject'], `${bucket}/models/iris.tar.gz`),
      allow(['sagemaker:DescribeEndpoint', 'sagemaker:UpdateEndpoint'], '<IrisEndpoint5676F002>'),
      allow(
        ['sagemaker:UpdateEndpoint'],
        expect.stringMatching(/^<IrisEndpointConfigA\w+>$/),
        expect.stringMatching(/^<IrisEndpointConfigB\w+>$/),
      ),
    ]);
  });

  test('name given endpoint configs with a wildcard for each character of digest and slot', () => {
    const stack = newStack();
    newEndpoint(stack, {
      config: { endpointConfigName: 'iris' },
      endpoint: { endpointName: 'iris', endpointConfigName: 'iris' },
    });
    const [given = ''] = Object.values(resourcesOf(stack, 'AWS::SageMaker::EndpointConfig')).map(
      ({ Properties }) => Properties.EndpointConfigName as string,
    );
    expect(given).toMatch(/^iris-[0-9a-f]{8}-a$/);
    const update = statementsOf(stack).filter(({ Action }) => Action[0] === 'sagemaker:UpdateEndpoint');
    const name = { 'Fn::Select': [0, { 'Fn::Split': [given.slice('iris'.length), expect.anything()] }] };
    const [resource = ''] = update.flatMap(({ Resource }) => Resource as string[]);
    expect(update).toHaveLength(1);
    expect(resource).toMatch(/-\?{8}-\?$/);
    expect(JSON.parse(resource.slice(0, -'-????????-?'.length))).toEqual(name);
  });

  test.each([
    [1, 7],
    [2, 8],
    [3, 9],
    [4, 8],
    [5, 10],
  ])('for 100 endpoints with ordinary names in %i stacks fit in %i policies', (stacks, policies) => {
    const app = newApp();
    // 100 endpoints have more resources than CloudFormation takes in one stack.
    app.node.setContext('@aws-cdk/core:stackResourceLimit', 0);
    const refresher = new Refresher(new Stack(app, 'Shared'), 'Refresher');
    const endpointStacks = Array.from({ length: stacks }, (_, s) => new Stack(app, `RecommendationModels${s}`));
    for (let n = 0; n < 100; n++) {
      const stack = endpointStacks[n % stacks] ?? newStack();
      const name = `recommendations-${String(n).padStart(2, '0')}`;
      const modelDataUrl = `s3://${newBucket(stack).bucketName}/${name}/model.tar.gz`;
      const changes = {
        refresher,
        config: { endpointConfigName: name },
        endpoint: { endpointName: name, endpointConfigName: name },
        model: { primaryContainer: { image: 'i', modelDataUrl } },
      };
      newEndpoint(stack, changes, `Recommendations${n}`);
    }
    const documents = endpointStacks
      .flatMap((stack) => Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')))
      .map(({ Properties }) => Properties.PolicyDocument);
    expect(documents).toHaveLength(policies);
    const nameLength = 'recommendations-00'.length;
    for (const document of documents) expect(deployedSize(document, nameLength)).toBeLessThanOrEqual(6144);
  });

  test('include only listing for a prefix, restricted to that prefix', () => {
    const stack = newStack();
    const keyFilters = [{ prefix: 'models/' }];
    newEndpoint(stack, {
      model: { primaryContainer: { image: 'i' } },
      bucketEvents: [
        { eventType: EventType.OBJECT_CREATED, keyFilters },
        { eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'more/' }] },
      ],
    });
    const s3 = statementsOf(stack).filter(({ Resource }) => JSON.stringify(Resource).includes(':::<Bucket'));
    expect(s3).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: ['arn:<AWS::Partition>:s3:::<Bucket83908E77>'],
        Condition: { StringEquals: { 's3:prefix': ['models/', 'more/'] } },
      },
    ]);
  });

  test('do not make the function depend on an endpoint', () => {
    const stack = newStack();
    newEndpoint(stack);
    const [[, handler] = []] = Object.entries(resourcesOf(stack, 'AWS::Lambda::Function')).filter(([id]) =>
      id.startsWith('Freshpoint'),
    );
    expect(handler!.DependsOn).toEqual([
      expect.stringMatching(/RoleDefaultPolicy/),
      expect.stringMatching(/RefresherRole/),
    ]);
    const own = propertiesOf(stack, 'AWS::IAM::Policy', /FreshpointRefresherRoleDefaultPolicy/);
    expect(JSON.stringify(own)).not.toMatch(/Iris/);
    expect((own.PolicyDocument as { Statement: Statement[] }).Statement.map(({ Action }) => Action)).toEqual([
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      'sqs:SendMessage',
      'events:PutEvents',
      expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility']),
    ]);
  });

  test.each([
    [1, 2],
    [20, 3],
  ])('for %i endpoints with the longest names fit in %i policies', (endpoints, policies) => {
    const stack = newStack('s'.repeat(60));
    const bucket = newBucket(stack);
    for (let n = 0; n < endpoints; n++) {
      const id = `${'i'.repeat(60)}${n}`;
      const key = `${'k'.repeat(80)}${n}.tar.gz`;
      newEndpoint(
        stack,
        {
          endpoint: { endpointName: `${'e'.repeat(60)}${n}` },
          model: modelProps(bucket, {
            primaryContainer: { image: 'i', modelDataUrl: `s3://${bucket.bucketName}/${key}` },
          }) as object as Record<string, unknown>,
        },
        id,
      );
    }
    const documents = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).map(
      ({ Properties }) => Properties.PolicyDocument,
    );
    expect(documents).toHaveLength(policies);
    for (const document of documents) expect(deployedSize(document)).toBeLessThanOrEqual(6144);
    expect(Object.keys(Template.fromStack(stack).toJSON().Resources).length).toBeLessThanOrEqual(500);
  });

  test('beyond the quota of policies per role are an error that suggests a second refresher', () => {
    const stack = newStack();
    const refresher = new Refresher(stack, 'Refresher');
    const expected = [
      'The role of refresher "Test/Refresher" needs \\d+ managed policies .* IAM\'s quota is 10\\.',
      'Create a second refresher, .*, and pass it to some of the endpoints',
    ];
    const create = (n: number) => {
      const containers = Array.from({ length: 15 }, (_, index) => ({
        image: 'i',
        modelDataUrl: `s3://b/${'k'.repeat(200)}${n}/${index}`,
      }));
      const model = { primaryContainer: undefined, containers };
      newEndpoint(stack, { refresher, model, endpoint: { endpointName: `e${n}` } }, `E${n}`);
    };
    expect(() => Array.from({ length: 30 }, (_, n) => create(n))).toThrow(new RegExp(expected.join(' ')));
  });
});

describe('a refresher that stacks share', () => {
  test('has its rules and permissions in the stack of the endpoint', () => {
    const app = newApp();
    const shared = new Stack(app, 'Shared');
    const refresher = new Refresher(shared, 'Refresher');
    const one = new Stack(app, 'One');
    const two = new Stack(app, 'Two');
    newEndpoint(one, { refresher });
    newEndpoint(two, { refresher, endpoint: { endpointName: 'other' } });

    for (const stack of [one, two]) {
      const template = Template.fromStack(stack);
      expect(stack.dependencies.map(({ stackName }) => stackName)).toEqual(['Shared']);
      template.resourceCountIs('AWS::SQS::Queue', 0);
      template.resourceCountIs('AWS::IAM::ManagedPolicy', 2);
      template.allResourcesProperties('AWS::IAM::ManagedPolicy', {
        Roles: [{ 'Fn::ImportValue': Match.stringLikeRegexp('^Shared:.*Role') }],
      });
    }
    Template.fromStack(shared).resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  });
});
