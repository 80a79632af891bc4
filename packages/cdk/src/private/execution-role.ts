import { ArnFormat, Reference, Stack, Tokenization } from 'aws-cdk-lib';
import { CfnRole, type Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnEndpointConfigProps } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct, IDependable } from 'constructs';
import { type SlotData, type SourceSpec, uriOf } from '../contract';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import { acknowledgeWildcards } from './acknowledge-wildcards';
import { type BoundedText, bucketArn, objectArn } from './bounded-arns';
import { containersOf } from './containers';
import type { DeclaredModel } from './declared-models';
import { parseS3Url } from './s3-url';
import { modelSources } from './sources';
import { isReadable } from './tokens';

/** What the models of a VPC need, as documented for CreateModel. */
const VPC_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:CreateNetworkInterfacePermission',
  'ec2:DeleteNetworkInterface',
  'ec2:DeleteNetworkInterfacePermission',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeVpcs',
  'ec2:DescribeDhcpOptions',
  'ec2:DescribeSubnets',
  'ec2:DescribeSecurityGroups',
];

const ECR_ACTIONS = ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'];

/** An answer to cdk-nag. */
const WHY_WILDCARDS =
  'The actions have no resources, the log group is named after the endpoint, which is created later, or each request ' +
  'has an object of its own below the prefix that the user chose.';

/** Models that all have an execution role. */
export interface ModelsWithRole {
  readonly models: readonly DeclaredModel[];
  /** Absent: all models were declared with a role. */
  readonly role?: Role;
}

/** Gives the models without an execution role one that is created for them, with the permissions that they need. */
export function withExecutionRole(
  endpoint: Construct,
  models: readonly DeclaredModel[],
  props: SagemakerEndpointProps,
  data: SlotData | undefined,
): ModelsWithRole {
  const without = models.filter(({ declared }) => declared.props.executionRoleArn === undefined);
  if (without.length === 0) return { models };
  const role = new Role(endpoint, 'ExecutionRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  const statements = statementsFor(Stack.of(endpoint), without, props, data);
  for (const statement of statements) role.addToPolicy(statement);
  const policy = role.node.tryFindChild('DefaultPolicy') as Policy;
  acknowledgeWildcards(policy, () => statements.flatMap(({ resources }) => resources), WHY_WILDCARDS);
  return {
    role,
    models: models.map((model) => {
      const { declared } = model;
      if (!without.includes(model)) return model;
      return { ...model, declared: { ...declared, props: { ...declared.props, executionRoleArn: role.roleArn } } };
    }),
  };
}

/** SageMaker's documentation leaves open whether the execution role or the caller describes rollback alarms. */
export function allowToDescribe(role: Role, alarms: readonly BoundedText[]): void {
  if (alarms.length === 0) return;
  const resources = alarms.map(({ text }) => text);
  role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources }));
}

/** The role of the app that the ARN belongs to, with its policies: SageMaker uses them when it creates the model. */
export function roleBehind(roleArn: string): IDependable[] {
  const role = roleResourceOf(roleArn)?.node.scope;
  return role instanceof Role ? [role] : [];
}

/** The resource of the app that the ARN belongs to. */
export function roleResourceOf(roleArn: string): CfnRole | undefined {
  const token = Tokenization.reverseString(roleArn).firstToken;
  return Reference.isReference(token) && token.target instanceof CfnRole ? token.target : undefined;
}

function statementsFor(
  stack: Stack,
  models: readonly DeclaredModel[],
  { endpointConfigProps, modelsBucket }: SagemakerEndpointProps,
  data: SlotData | undefined,
): PolicyStatement[] {
  const allow = (actions: string[], ...resources: string[]) => new PolicyStatement({ actions, resources });
  const copied = new Set(data?.files.map(uriOf));
  const inPlace = modelSources(models, stack)
    .sources.map(({ source }) => source)
    .filter((source) => !copied.has(uriOf(source)));
  const key = inPlace.length > 0 ? modelsBucket.encryptionKey : undefined;
  const logGroups = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: '/aws/sagemaker/Endpoints/*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return [
    allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'], logGroups),
    allow(['cloudwatch:PutMetricData', 'ecr:GetAuthorizationToken'], '*'),
    allow(ECR_ACTIONS, ...new Set(models.flatMap((model) => repositoriesOf(stack, model)))),
    ...inPlace.flatMap((source) => readStatements(stack, source)),
    ...(key ? [allow(['kms:Decrypt'], key.keyArn)] : []),
    ...outputStatements(stack, endpointConfigProps),
    ...(models.some(({ declared }) => declared.props.vpcConfig !== undefined) ? [allow(VPC_ACTIONS, '*')] : []),
  ];
}

/** ARNs of the repositories of a model's images; `*` for an image whose repository is not known at synthesis. */
function repositoriesOf(stack: Stack, { declared }: DeclaredModel): string[] {
  const containers = containersOf(declared.props);
  return containers.map(({ container }) => {
    const pattern = /^(.+)\.dkr\.ecr\.(\$\{Token\[[^\]]*\]\}|[a-z0-9-]+)\.[^/]+\/(.+?)(?::[^:/@]+)?(?:@.*)?$/;
    const [, account, region, repository] = pattern.exec(container?.image ?? '') ?? [];
    if (repository === undefined) return '*';
    return stack.formatArn({ service: 'ecr', account, region, resource: 'repository', resourceName: repository });
  });
}

function readStatements(stack: Stack, source: SourceSpec): PolicyStatement[] {
  // A chosen archive is always copied.
  if (!('key' in source || 'prefix' in source)) return [];
  const bucket = bucketArn(stack, source.bucket);
  if ('key' in source) {
    return [new PolicyStatement({ actions: ['s3:GetObject'], resources: [objectArn(bucket, source.key).text] })];
  }
  return [
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [objectArn(bucket, `${source.prefix}*`).text] }),
    new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [bucket.text],
      conditions: { StringLike: { 's3:prefix': [`${source.prefix}*`] } },
    }),
  ];
}

/** Captured data, and the answers and notifications of an asynchronous endpoint. */
function outputStatements(stack: Stack, config: CfnEndpointConfigProps): PolicyStatement[] {
  const { dataCaptureConfig: capture, asyncInferenceConfig: inference } = config;
  const output = inference !== undefined && isReadable(inference) ? inference.outputConfig : undefined;
  const { s3OutputPath, s3FailurePath, notificationConfig } = output !== undefined && isReadable(output) ? output : {};
  const captured = capture !== undefined && isReadable(capture) ? capture.destinationS3Uri : undefined;
  const objects = [captured, s3OutputPath, s3FailurePath].flatMap((url) => {
    const location = url === undefined ? undefined : parseS3Url(url, stack);
    if (!location) return [];
    const prefix = location.key.replace(/\/$/, '');
    return objectArn(bucketArn(stack, location.bucket), prefix === '' ? '*' : `${prefix}/*`).text;
  });
  const topics = notificationConfig !== undefined && isReadable(notificationConfig) ? notificationConfig : {};
  const topicArns = [topics.successTopic, topics.errorTopic].flatMap((arn) => arn ?? []);
  return [
    ...(objects.length > 0 ? [new PolicyStatement({ actions: ['s3:PutObject'], resources: objects })] : []),
    ...(topicArns.length > 0 ? [new PolicyStatement({ actions: ['sns:Publish'], resources: topicArns })] : []),
  ];
}
