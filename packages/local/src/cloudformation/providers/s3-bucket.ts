import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { tagMap } from '../tags.ts';
import { recordWith, refuseExisting } from './calls.ts';
import { notificationConfiguration } from './s3-notifications.ts';

/** AWS::S3::Bucket. Deleting one that isn't empty fails, as in AWS. */
export const s3Bucket: Provider = {
  replacing: ['BucketName', 'ObjectLockEnabled'],
  nameProperty: 'BucketName',
  tags: 'list',
  async create(properties, context) {
    const Bucket: string = properties.BucketName ?? context.name({ maxLength: 63, lowerCase: true });
    if (properties.BucketName !== undefined) {
      await refuseExisting(Bucket, () => context.call('s3', 'HeadBucket', { Bucket }));
    }
    await context.call('s3', 'CreateBucket', { Bucket });
    const handle = { physicalId: Bucket, attributes: attributesOf(Bucket, context) };
    context.identified(handle);
    await configure(Bucket, properties, {}, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    await configure(handle.physicalId, properties, old, context);
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('s3', 'DeleteBucket', { Bucket: physicalId });
  },
};

function attributesOf(bucket: string, { account }: ProviderContext): Record<string, string> {
  return {
    Arn: `arn:${account.partition}:s3:::${bucket}`,
    DomainName: `${bucket}.s3.amazonaws.com`,
    DualStackDomainName: `${bucket}.s3.dualstack.${account.region}.amazonaws.com`,
    RegionalDomainName: `${bucket}.s3.${account.region}.amazonaws.com`,
    WebsiteURL: `http://${bucket}.s3-website-${account.region}.amazonaws.com`,
  };
}

async function configure(Bucket: string, now: Properties, old: Properties, context: ProviderContext): Promise<void> {
  const isSet = (name: string) => now[name] !== undefined;
  const isGone = (name: string) => old[name] !== undefined && now[name] === undefined;
  const record = (operation: string, input: Record<string, unknown>) =>
    recordWith(context, 's3', operation, { Bucket, ...input });

  if (isSet('VersioningConfiguration') || isGone('VersioningConfiguration')) {
    const Status = now.VersioningConfiguration?.Status ?? 'Suspended';
    await context.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status } });
  }
  if (isSet('NotificationConfiguration') || isGone('NotificationConfiguration')) {
    await context.call('s3', 'PutBucketNotificationConfiguration', {
      Bucket,
      NotificationConfiguration: notificationConfiguration(now.NotificationConfiguration ?? {}),
    });
  }
  if (isSet('BucketEncryption')) {
    // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's shape
    const rules = (now.BucketEncryption.ServerSideEncryptionConfiguration ?? []) as any[];
    await record('PutBucketEncryption', {
      ServerSideEncryptionConfiguration: {
        Rules: rules.map(({ ServerSideEncryptionByDefault, ...rest }) => ({
          ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
          ...rest,
        })),
      },
    });
  } else if (isGone('BucketEncryption')) await record('DeleteBucketEncryption', {});
  if (isSet('PublicAccessBlockConfiguration')) {
    await record('PutPublicAccessBlock', { PublicAccessBlockConfiguration: now.PublicAccessBlockConfiguration });
  } else if (isGone('PublicAccessBlockConfiguration')) await record('DeletePublicAccessBlock', {});
  if (isSet('OwnershipControls')) {
    await record('PutBucketOwnershipControls', { OwnershipControls: now.OwnershipControls });
  } else if (isGone('OwnershipControls')) await record('DeleteBucketOwnershipControls', {});
  if (isSet('LifecycleConfiguration')) {
    await record('PutBucketLifecycleConfiguration', { LifecycleConfiguration: lifecycle(now.LifecycleConfiguration) });
  } else if (isGone('LifecycleConfiguration')) await record('DeleteBucketLifecycle', {});
  if (isSet('Tags')) {
    const TagSet = Object.entries(tagMap(now.Tags)).map(([Key, Value]) => ({ Key, Value }));
    await record('PutBucketTagging', { Tagging: { TagSet } });
  } else if (isGone('Tags')) await record('DeleteBucketTagging', {});
}

// biome-ignore lint/suspicious/noExplicitAny: CloudFormation's shape
function lifecycle(configuration: any): { Rules: unknown[] } {
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's shape
  const rules = (configuration.Rules ?? []) as any[];
  return {
    Rules: rules.map(({ Id, Prefix, ExpirationInDays, NoncurrentVersionExpirationInDays, ...rest }) => ({
      ...(Id !== undefined && { ID: Id }),
      Filter: { Prefix: Prefix ?? '' },
      ...(ExpirationInDays !== undefined && { Expiration: { Days: Number(ExpirationInDays) } }),
      ...(NoncurrentVersionExpirationInDays !== undefined && {
        NoncurrentVersionExpiration: { NoncurrentDays: Number(NoncurrentVersionExpirationInDays) },
      }),
      ...rest,
    })),
  };
}
