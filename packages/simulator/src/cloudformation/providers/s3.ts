import type { DeleteObjectsOutput, ListObjectVersionsOutput } from '@aws-sdk/client-s3';
import { OperationNotImplemented } from '../../core/cloud.ts';
import { bucketIn } from '../../s3/operations/buckets.ts';
import { ResourceFailure } from '../failures.ts';
import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { tagsOf } from '../tags.ts';
import { apiType, jsonText, namesBut, partType } from './api-type.ts';

type BucketProperties = Properties & {
  readonly VersioningConfiguration?: object;
  readonly NotificationConfiguration?: NotificationProperty;
  readonly BucketEncryption?: { readonly ServerSideEncryptionConfiguration?: readonly Properties[] };
  readonly LifecycleConfiguration?: { readonly Rules?: readonly Properties[] };
};

/** CloudFormation's NotificationConfiguration, or the API's, which CDK's custom resource uses. */
type NotificationProperty = {
  readonly EventBridgeConfiguration?: { readonly EventBridgeEnabled?: boolean | string };
};

type NotificationsProperties = Properties & {
  readonly BucketName?: string;
  readonly NotificationConfiguration?: NotificationProperty;
};

/** Buckets and their policies, and the custom resources by which CDK configures and empties buckets. */
export const s3Types: Readonly<Record<string, Provider>> = {
  // As in AWS, deleting a bucket that is not empty fails.
  'AWS::S3::Bucket': apiType<BucketProperties>({
    api: { service: 's3', create: 'CreateBucket', find: 'HeadBucket', remove: 'DeleteBucket' },
    name: { property: 'BucketName', maxLength: 63, lowerCase: true, member: 'Bucket' },
    replacing: ['BucketName', 'ObjectLockEnabled'],
    recordedParts: (bucket) => [...otherParts(bucket), ...otherNotifications({ ...bucket.NotificationConfiguration })],
    tags: 'list',
    input: (_properties, { account }) => bucketIn(account.region),
    handle: (bucket, _output, { account: { partition, region } }) => ({
      physicalId: bucket,
      attributes: {
        Arn: `arn:${partition}:s3:::${bucket}`,
        DomainName: `${bucket}.s3.amazonaws.com`,
        DualStackDomainName: `${bucket}.s3.dualstack.${region}.amazonaws.com`,
        RegionalDomainName: `${bucket}.s3.${region}.amazonaws.com`,
        WebsiteURL: `http://${bucket}.s3-website-${region}.amazonaws.com`,
      },
    }),
    async parts(Bucket, now, old, context) {
      const before = configurationsOf(old);
      for (const [put, input] of Object.entries(configurationsOf(now))) {
        if (!input && !before[put]) continue;
        const [operation, members] = input ? [put, input] : (REMOVALS[put] ?? [put.replace('Put', 'Delete'), {}]);
        try {
          await context.call('s3', operation, { Bucket, ...members });
        } catch (error) {
          // What has no effect here is not simulated.
          if (!(error instanceof OperationNotImplemented)) throw error;
        }
      }
    },
  }),

  'AWS::S3::BucketPolicy': apiType({
    api: { service: 's3', create: 'PutBucketPolicy', update: 'PutBucketPolicy', remove: 'DeleteBucketPolicy' },
    name: { property: 'Bucket' },
    replacing: ['Bucket'],
    input: ({ PolicyDocument }) => ({ Policy: jsonText(PolicyDocument) }),
  }),

  /**
   * It replaces the template's function, which is inline Python with boto3 and may not run on a laptop. Like that
   * function it replaces the whole configuration of a managed bucket, and empties it on deletion. That of another
   * bucket keeps EventBridge.
   */
  'Custom::S3BucketNotifications': {
    ...partType<NotificationsProperties>(['BucketName'], async (now, old, context) => {
      const { BucketName: Bucket = old.BucketName, NotificationConfiguration } = now;
      const isManaged = String(now.Managed ?? old.Managed ?? true) === 'true';
      if (!isManaged && !notifiesEventBridge(NotificationConfiguration)) return;
      const input = { Bucket, ...notifications(NotificationConfiguration) };
      await context.call('s3', 'PutBucketNotificationConfiguration', input);
    }),
    isRecordOnly: ({ NotificationConfiguration }) => !notifiesEventBridge(NotificationConfiguration as object),
    recordedParts: ({ NotificationConfiguration }) => otherNotifications({ ...(NotificationConfiguration as object) }),
  },

  /** Deleting it empties the bucket, so that the bucket can be deleted. */
  'Custom::S3AutoDeleteObjects': {
    replacing: ['BucketName'],
    create: async ({ BucketName }) => ({ physicalId: BucketName, attributes: {} }),
    update: async (handle) => handle,
    delete: (_handle, { BucketName }, context) => emptyBucket(BucketName, context),
  } satisfies Provider<Properties & { readonly BucketName: string }>,
};

/** The operations that put the configurations that are set, and their inputs. */
function configurationsOf(properties: Partial<BucketProperties>): Readonly<Record<string, object | undefined>> {
  const { VersioningConfiguration, PublicAccessBlockConfiguration, OwnershipControls, ...rest } = properties;
  const { NotificationConfiguration, BucketEncryption, LifecycleConfiguration, Tags } = rest;
  return {
    PutBucketVersioning: VersioningConfiguration && { VersioningConfiguration },
    PutBucketNotificationConfiguration: NotificationConfiguration && notifications(NotificationConfiguration),
    PutBucketEncryption: BucketEncryption && encryption(BucketEncryption.ServerSideEncryptionConfiguration),
    PutPublicAccessBlock: PublicAccessBlockConfiguration ? { PublicAccessBlockConfiguration } : undefined,
    PutBucketOwnershipControls: OwnershipControls ? { OwnershipControls } : undefined,
    PutBucketLifecycleConfiguration: LifecycleConfiguration && lifecycle(LifecycleConfiguration.Rules),
    PutBucketTagging: Tags ? { Tagging: { TagSet: tagsOf(properties) } } : undefined,
  };
}

/** How configurations are removed for which there is no operation of the same name with Delete. */
const REMOVALS: Readonly<Record<string, readonly [operation: string, input: object]>> = {
  PutBucketVersioning: ['PutBucketVersioning', { VersioningConfiguration: { Status: 'Suspended' } }],
  PutBucketNotificationConfiguration: ['PutBucketNotificationConfiguration', notifications()],
  PutBucketLifecycleConfiguration: ['DeleteBucketLifecycle', {}],
};

function encryption(rules: readonly Properties[] = []) {
  const Rules = rules.map(({ ServerSideEncryptionByDefault, ...rest }) => ({
    ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
    ...rest,
  }));
  return { ServerSideEncryptionConfiguration: { Rules } };
}

function lifecycle(rules: readonly Properties[] = []) {
  const Rules = rules.map(({ Id, Prefix = '', ExpirationInDays, NoncurrentVersionExpirationInDays, ...rest }) => ({
    ...(Id !== undefined && { ID: Id }),
    Filter: { Prefix },
    ...(ExpirationInDays !== undefined && { Expiration: { Days: Number(ExpirationInDays) } }),
    ...(NoncurrentVersionExpirationInDays !== undefined && {
      NoncurrentVersionExpiration: { NoncurrentDays: Number(NoncurrentVersionExpirationInDays) },
    }),
    ...rest,
  }));
  return { LifecycleConfiguration: { Rules } };
}

const otherParts = namesBut(
  'BucketName',
  'VersioningConfiguration',
  'PublicAccessBlockConfiguration',
  'OwnershipControls',
  'NotificationConfiguration',
  'BucketEncryption',
  'LifecycleConfiguration',
  'Tags',
);

const otherNotifications = namesBut('EventBridgeConfiguration');

/** Only EventBridge is notified. Notifications of queues, topics and functions are recorded. */
function notifications(property?: NotificationProperty) {
  return { NotificationConfiguration: notifiesEventBridge(property) ? { EventBridgeConfiguration: {} } : {} };
}

function notifiesEventBridge({ EventBridgeConfiguration }: NotificationProperty = {}): boolean {
  return (
    EventBridgeConfiguration !== undefined && String(EventBridgeConfiguration.EventBridgeEnabled ?? true) === 'true'
  );
}

async function emptyBucket(Bucket: string, context: ProviderContext): Promise<void> {
  for (;;) {
    const listed = await context.call<ListObjectVersionsOutput>('s3', 'ListObjectVersions', { Bucket });
    const Objects = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length === 0) return;
    const { Errors } = await context.call<DeleteObjectsOutput>('s3', 'DeleteObjects', { Bucket, Delete: { Objects } });
    const failed = Errors?.[0];
    if (failed) throw new ResourceFailure(`Deleting ${failed.Key} failed: ${failed.Message}`);
  }
}
