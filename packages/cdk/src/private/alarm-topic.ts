import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IConstruct } from 'constructs';

/**
 * Lets the CloudWatch alarms of the account publish to the topic. The policy that SNS gives a topic without one allows
 * it, but the first statement that is added, as for a rule of EventBridge, replaces that policy.
 */
export function allowAlarmsToPublish(scope: IConstruct, topic: ITopic): void {
  const alarms = new ServicePrincipal('cloudwatch.amazonaws.com');
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [alarms],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  topic.masterKey?.grant(alarms, 'kms:Decrypt', 'kms:GenerateDataKey*');
}
