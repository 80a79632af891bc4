import type { BooleanProperty, Provider } from '../provider.ts';
import { ignoreMissing } from './calls.ts';

/** CloudFormation's NotificationConfiguration, or the API's, which CDK's custom resource uses. */
export type NotificationProperty = {
  readonly EventBridgeConfiguration?: { readonly EventBridgeEnabled?: BooleanProperty };
  readonly QueueConfigurations?: readonly TargetProperty[];
  readonly TopicConfigurations?: readonly TargetProperty[];
  readonly LambdaConfigurations?: readonly TargetProperty[];
  readonly LambdaFunctionConfigurations?: readonly TargetProperty[];
};

type TargetProperty = {
  readonly Event?: string;
  readonly Events?: readonly string[];
  readonly Filter?: { readonly Key?: object; readonly S3Key?: { readonly Rules?: readonly object[] } };
  /** `Queue`, `Topic` or `Function`; in the API's shape `QueueArn`, `TopicArn` or `LambdaFunctionArn`. */
  readonly [target: string]: unknown;
};

/** NotificationConfiguration in the API's shape. */
export function notificationConfiguration(property: NotificationProperty): Record<string, unknown> {
  const enabled = property.EventBridgeConfiguration;
  const isOn = enabled !== undefined && String(enabled.EventBridgeEnabled ?? true) === 'true';
  const lambdas = property.LambdaConfigurations ?? property.LambdaFunctionConfigurations;
  const configuration = {
    EventBridgeConfiguration: isOn ? {} : undefined,
    QueueConfigurations: targets(property.QueueConfigurations, 'Queue', 'QueueArn'),
    TopicConfigurations: targets(property.TopicConfigurations, 'Topic', 'TopicArn'),
    LambdaFunctionConfigurations: targets(lambdas, 'Function', 'LambdaFunctionArn'),
  };
  return Object.fromEntries(Object.entries(configuration).filter(([, value]) => value !== undefined));
}

function targets(properties: readonly TargetProperty[] | undefined, name: string, apiName: string) {
  return properties?.map(({ Event, Events, Filter, ...rest }) => ({
    [apiName]: rest[name] ?? rest[apiName],
    Events: Events ?? [Event],
    ...(Filter && { Filter: Filter.Key ? Filter : { Key: { FilterRules: Filter.S3Key?.Rules ?? [] } } }),
  }));
}

type BucketNotificationsProperties = {
  readonly BucketName: string;
  readonly NotificationConfiguration?: NotificationProperty;
  readonly Managed?: BooleanProperty;
};

/**
 * Custom::S3BucketNotifications of CDK. It replaces the template's function, which is inline Python with boto3 and may
 * not run on a laptop. Like that function it replaces the whole configuration of a managed bucket, and empties it on
 * deletion.
 */
export const s3BucketNotifications: Provider<BucketNotificationsProperties> = {
  replacing: ['BucketName'],
  async create(properties, context) {
    await context.call('s3', 'PutBucketNotificationConfiguration', inputOf(properties));
    return { physicalId: context.name({ maxLength: 255 }), attributes: {} };
  },
  async update(handle, properties, _old, context) {
    await context.call('s3', 'PutBucketNotificationConfiguration', inputOf(properties));
    return handle;
  },
  async delete(_handle, { BucketName, Managed }, context) {
    if (String(Managed ?? true) !== 'true') return;
    const emptied = context.call('s3', 'PutBucketNotificationConfiguration', inputOf({ BucketName }));
    await ignoreMissing(emptied);
  },
};

function inputOf({ BucketName, NotificationConfiguration = {} }: BucketNotificationsProperties) {
  return { Bucket: BucketName, NotificationConfiguration: notificationConfiguration(NotificationConfiguration) };
}
