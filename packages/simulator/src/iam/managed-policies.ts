import { parsePolicy, type Statement } from './policy-document.ts';

const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const SERVICES = ['cloudformation', 'events', 'iam', 'kms', 'lambda', 'logs', 's3', 'sagemaker', 'sqs', 'ssm'];
const allow = (Action: string | readonly string[], Resource: string | readonly string[] = '*') => ({
  ...{ Effect: 'Allow', Action, Resource },
});

/** The statements of AWS managed policies by path and name, as far as the simulated services read them. */
const STATEMENTS: Readonly<Record<string, readonly object[]>> = {
  AdministratorAccess: [allow('*')],
  ReadOnlyAccess: [
    allow(SERVICES.flatMap((service) => ['Describe', 'Get', 'List'].map((verb) => `${service}:${verb}*`))),
  ],
  // The newest deploy role of CDK has it.
  AWSCloudFormationReadOnlyAccess: [
    allow([
      'cloudformation:Describe*',
      'cloudformation:Get*',
      'cloudformation:List*',
      'cloudformation:ValidateTemplate',
    ]),
  ],
  AmazonS3FullAccess: [allow('s3:*')],
  AmazonS3ReadOnlyAccess: [allow(['s3:Get*', 's3:List*', 's3:Describe*'])],
  AmazonSQSFullAccess: [allow('sqs:*')],
  AmazonSSMReadOnlyAccess: [allow(['ssm:Describe*', 'ssm:Get*', 'ssm:List*'])],
  AmazonSageMakerFullAccess: [
    allow(['sagemaker:*', ...LOGS, 'logs:DescribeLogStreams', 'logs:GetLogEvents', 'lambda:ListFunctions']),
    allow(['s3:GetBucketLocation', 's3:ListBucket', 's3:ListAllMyBuckets', 's3:CreateBucket']),
    allow(
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      ['SageMaker', 'Sagemaker', 'sagemaker', 'aws-glue'].map((name) => `arn:aws:s3:::*${name}*`),
    ),
  ],
  AmazonSageMakerReadOnly: [allow(['sagemaker:Describe*', 'sagemaker:List*', 'sagemaker:Get*'])],
  CloudWatchLogsFullAccess: [allow('logs:*')],
  'service-role/AWSLambdaBasicExecutionRole': [allow(LOGS)],
  'service-role/AWSLambdaSQSQueueExecutionRole': [
    allow([...LOGS, 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']),
  ],
  'service-role/AWSLambdaVPCAccessExecutionRole': [allow(LOGS)],
};

/** Whether the ARN names a policy that AWS owns. */
export function isAwsManaged(policyArn: string): boolean {
  return /^arn:[\w-]+:iam::aws:policy\//.test(policyArn);
}

/** The statements of an AWS managed policy: none for one that is not simulated, which is only recorded. */
export function awsManagedPolicy(policyArn: string): Statement[] {
  const name = policyArn.replace(/^.*:policy\//, '');
  const Statement = Object.hasOwn(STATEMENTS, name) ? STATEMENTS[name] : undefined;
  return Statement === undefined ? [] : parsePolicy({ Version: '2012-10-17', Statement }, 'identity');
}
