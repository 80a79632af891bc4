import { Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type EndpointStore, historyPrefix, type SourceSpec, specParameterName, stateKey } from '../contract';
import { bucketArn, objectArn, parameterArn } from './bounded-arns';
import { PACKAGE_ACTIONS, packageArns } from './permits';
import { sourceObjects } from './sources';

/** What an operator of an endpoint accesses. */
export interface OperatedEndpoint {
  readonly endpoint: Construct;
  readonly endpointArn: string;
  /** The work queue. */
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly endpointId: string;
  readonly sources: readonly SourceSpec[];
  /** KMS keys of the sources: S3 tells the checksum of an object, which identifies it, only to who may decrypt. */
  readonly sourceKeys: readonly IKey[];
  readonly bucket: IBucket;
  readonly store: EndpointStore;
}

/** What moves dead letters back to the work queue. */
const DEAD_LETTER_ACTIONS = [
  'sqs:GetQueueUrl',
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:ChangeMessageVisibility',
];

/** Grants the permissions that the `freshpoint` command needs for one endpoint. */
export function grantOperator(operated: OperatedEndpoint, grantee: IGrantable): Grant {
  const { endpoint, endpointArn, queue, deadLetterQueue, endpointId, bucket, store } = operated;
  const stack = Stack.of(endpoint);
  const parameter = (name: string) => parameterArn(stack, name).text;
  const stored = bucket.arnForObjects(`${store.prefix}*`);
  const state = bucket.arnForObjects(stateKey(store));
  const history = bucket.arnForObjects(`${historyPrefix(store)}*`);
  const { buckets, objects } = sourceArns(stack, operated.sources);
  const groups = operated.sources.flatMap((source) => ('packageGroup' in source ? source.packageGroup : []));
  const packages = [...new Set(groups.flatMap((group) => packageArns(stack, group)).map(({ text }) => text))];
  const allow = (actions: string[], ...resourceArns: string[]) =>
    Grant.addToPrincipal({ grantee, actions, resourceArns });
  const keys = [...new Set([bucket.encryptionKey, queue.encryptionMasterKey])].flatMap((key) => key ?? []);
  const sourceKeys = operated.sourceKeys.filter((key) => !keys.includes(key));
  return [
    allow(['ssm:GetParametersByPath'], parameter('/freshpoint')),
    allow(['ssm:GetParameters'], parameter(specParameterName(endpointId))),
    allow(['s3:GetObject'], stored, ...objects),
    allow(['s3:PutObject'], state, history),
    allow(['s3:ListBucket'], bucket.bucketArn, ...buckets),
    allow(['sqs:SendMessage', 'sqs:GetQueueAttributes'], queue.queueArn),
    allow(DEAD_LETTER_ACTIONS, deadLetterQueue.queueArn),
    allow(['sagemaker:DescribeEndpoint'], endpointArn),
    ...(packages.length > 0 ? [allow(PACKAGE_ACTIONS, ...packages)] : []),
    allow(['cloudformation:DescribeStacks'], stack.stackId),
    ...keys.map(({ keyArn }) => allow(['kms:Decrypt', 'kms:GenerateDataKey'], keyArn)),
    ...sourceKeys.map(({ keyArn }) => allow(['kms:Decrypt'], keyArn)),
  ].reduce((all, each) => all.combine(each));
}

/** The ARNs of the sources' buckets and objects. */
function sourceArns(stack: Stack, sources: readonly SourceSpec[]) {
  const found = sources.flatMap(sourceObjects).map(({ bucket, key }) => ({ bucket: bucketArn(stack, bucket), key }));
  return {
    buckets: [...new Set(found.map(({ bucket }) => bucket.text))],
    objects: [...new Set(found.map(({ bucket, key }) => objectArn(bucket, key).text))],
  };
}
