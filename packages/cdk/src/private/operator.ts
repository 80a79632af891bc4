import { Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type EndpointStore, historyPrefix, specParameterName, stateKey } from '../contract';

/** What an operator of an endpoint accesses. */
export interface OperatedEndpoint {
  readonly endpoint: Construct;
  readonly endpointArn: string;
  /** The work queue. */
  readonly queue: IQueue;
  readonly endpointId: string;
  readonly bucket: IBucket;
  readonly store: EndpointStore;
}

/** Grants the permissions that the `freshpoint` command needs for one endpoint. */
export function grantOperator(operated: OperatedEndpoint, grantee: IGrantable): Grant {
  const { endpoint, endpointArn, queue, endpointId, bucket, store } = operated;
  const stack = Stack.of(endpoint);
  const parameter = (name: string) =>
    stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) });
  const state = bucket.arnForObjects(stateKey(store));
  const history = bucket.arnForObjects(`${historyPrefix(store)}*`);
  const allow = (actions: string[], ...resourceArns: string[]) =>
    Grant.addToPrincipal({ grantee, actions, resourceArns });
  const keys = [...new Set([bucket.encryptionKey, queue.encryptionMasterKey])].flatMap((key) => key ?? []);
  return [
    allow(['ssm:GetParametersByPath'], parameter('/freshpoint')),
    allow(['ssm:GetParameters'], parameter(specParameterName(endpointId))),
    allow(['s3:GetObject'], state, history),
    allow(['s3:PutObject'], state),
    allow(['s3:ListBucket'], bucket.bucketArn),
    allow(['sqs:SendMessage'], queue.queueArn),
    allow(['sagemaker:DescribeEndpoint'], endpointArn),
    ...keys.map(({ keyArn }) => allow(['kms:Decrypt', 'kms:GenerateDataKey'], keyArn)),
  ].reduce((all, each) => all.combine(each));
}
