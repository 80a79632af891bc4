import type { CustomResponses } from '../custom-responses.ts';
import type { Provider } from '../provider.ts';
import { customResource } from './custom-resource.ts';
import { eventsRule } from './events-rule.ts';
import { iamManagedPolicy } from './iam-managed-policy.ts';
import { iamPolicy } from './iam-policy.ts';
import { iamRole } from './iam-role.ts';
import { kmsAlias } from './kms-alias.ts';
import { kmsKey } from './kms-key.ts';
import { lambdaEventInvokeConfig } from './lambda-event-invoke-config.ts';
import { lambdaEventSourceMapping } from './lambda-event-source-mapping.ts';
import { lambdaFunction } from './lambda-function.ts';
import { lambdaPermission } from './lambda-permission.ts';
import { logsLogGroup } from './logs-log-group.ts';
import { anyRecordedType, recordedTypes } from './record-only.ts';
import { isRefusedType } from './refused-types.ts';
import { s3AutoDeleteObjects } from './s3-auto-delete-objects.ts';
import { s3Bucket } from './s3-bucket.ts';
import { s3BucketPolicy } from './s3-bucket-policy.ts';
import { s3BucketNotifications } from './s3-notifications.ts';
import { type EndpointWaiting, sagemakerEndpoint } from './sagemaker-endpoint.ts';
import { sagemakerModelPackageGroup } from './sagemaker-model-package-group.ts';
import { sagemakerEndpointConfig, sagemakerModel } from './sagemaker-resource.ts';
import { sqsQueue } from './sqs-queue.ts';
import { sqsQueuePolicy } from './sqs-queue-policy.ts';
import { ssmParameter } from './ssm-parameter.ts';

/** Finds the provider of a resource type; undefined if the local runtime refuses the type. */
export type ProviderTable = (type: string) => Provider | undefined;

/** The providers of the local runtime; those of `more` are added or replace them. */
export function providerTable(
  responses: Pick<CustomResponses, 'create'>,
  waiting: EndpointWaiting,
  more: Readonly<Record<string, Provider>>,
): ProviderTable {
  const custom = customResource(responses);
  const table = new Map<string, Provider>(
    Object.entries({
      'AWS::CloudFormation::CustomResource': custom,
      'AWS::Events::Rule': eventsRule,
      'AWS::IAM::ManagedPolicy': iamManagedPolicy,
      'AWS::IAM::Policy': iamPolicy,
      'AWS::IAM::Role': iamRole,
      'AWS::KMS::Alias': kmsAlias,
      'AWS::KMS::Key': kmsKey,
      'AWS::Lambda::EventInvokeConfig': lambdaEventInvokeConfig,
      'AWS::Lambda::EventSourceMapping': lambdaEventSourceMapping,
      'AWS::Lambda::Function': lambdaFunction,
      'AWS::Lambda::Permission': lambdaPermission,
      'AWS::Logs::LogGroup': logsLogGroup,
      'AWS::S3::Bucket': s3Bucket,
      'AWS::S3::BucketPolicy': s3BucketPolicy,
      'AWS::SQS::Queue': sqsQueue,
      'AWS::SQS::QueuePolicy': sqsQueuePolicy,
      'AWS::SSM::Parameter': ssmParameter,
      'AWS::SageMaker::Endpoint': sagemakerEndpoint(waiting),
      'AWS::SageMaker::EndpointConfig': sagemakerEndpointConfig,
      'AWS::SageMaker::Model': sagemakerModel,
      'AWS::SageMaker::ModelPackageGroup': sagemakerModelPackageGroup,
      'Custom::S3AutoDeleteObjects': s3AutoDeleteObjects,
      'Custom::S3BucketNotifications': s3BucketNotifications,
      ...recordedTypes,
      ...more,
    }),
  );
  return (type) => {
    const found = table.get(type);
    if (found || isRefusedType(type)) return found;
    return type.startsWith('Custom::') ? custom : anyRecordedType;
  };
}
