import type { Provider } from '../provider.ts';
import { ifThere } from './calls.ts';

/** CloudFormation's NotificationConfiguration (or the API's own, as CDK's custom resource has it) in the API's shape. */
// biome-ignore lint/suspicious/noExplicitAny: two shapes of AWS's
export function notificationConfiguration(configuration: any): Record<string, unknown> {
  const enabled = configuration.EventBridgeConfiguration;
  const isOn = enabled !== undefined && String(enabled.EventBridgeEnabled ?? true) === 'true';
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's shape
  const list = (items: any[] | undefined, target: string, arnName: string) =>
    items?.map(({ Event, Events, Filter, ...rest }) => ({
      [arnName]: rest[target] ?? rest[arnName],
      Events: Events ?? [Event],
      ...(Filter && { Filter: Filter.Key ? Filter : { Key: { FilterRules: Filter.S3Key?.Rules ?? [] } } }),
    }));
  const out = {
    EventBridgeConfiguration: isOn ? {} : undefined,
    QueueConfigurations: list(configuration.QueueConfigurations, 'Queue', 'QueueArn'),
    TopicConfigurations: list(configuration.TopicConfigurations, 'Topic', 'TopicArn'),
    LambdaFunctionConfigurations: list(
      configuration.LambdaConfigurations ?? configuration.LambdaFunctionConfigurations,
      'Function',
      'LambdaFunctionArn',
    ),
  };
  return Object.fromEntries(Object.entries(out).filter(([, value]) => value !== undefined));
}

/**
 * Custom::S3BucketNotifications, CDK's own resource. Done here and not by the template's function: that one is inline Python with boto3,
 * which a laptop need not have. As there, a managed bucket's whole configuration is replaced, and emptied on deletion.
 */
export const s3BucketNotifications: Provider = {
  replacing: ['BucketName'],
  async create(properties, context) {
    await context.call('s3', 'PutBucketNotificationConfiguration', {
      Bucket: properties.BucketName,
      NotificationConfiguration: notificationConfiguration(properties.NotificationConfiguration ?? {}),
    });
    return { physicalId: context.name({ maxLength: 255 }), attributes: {} };
  },
  async update(handle, properties, _old, context) {
    await context.call('s3', 'PutBucketNotificationConfiguration', {
      Bucket: properties.BucketName,
      NotificationConfiguration: notificationConfiguration(properties.NotificationConfiguration ?? {}),
    });
    return handle;
  },
  async delete(_handle, properties, context) {
    if (String(properties.Managed ?? true) !== 'true') return;
    await ifThere(
      context.call('s3', 'PutBucketNotificationConfiguration', {
        Bucket: properties.BucketName,
        NotificationConfiguration: {},
      }),
    );
  },
};
