import { tagList } from '../../core/tags.ts';
import type { Provider, ProviderContext } from '../provider.ts';
import { type TaggedProperties, tagMap } from '../tags.ts';
import { recordWith, refuseExisting } from './calls.ts';
import { type NotificationProperty, notificationConfiguration } from './s3-notifications.ts';

type BucketConfiguration = TaggedProperties & {
  readonly VersioningConfiguration?: { readonly Status?: string };
  readonly NotificationConfiguration?: NotificationProperty;
  readonly BucketEncryption?: { readonly ServerSideEncryptionConfiguration?: readonly EncryptionRule[] };
  readonly PublicAccessBlockConfiguration?: object;
  readonly OwnershipControls?: object;
  readonly LifecycleConfiguration?: { readonly Rules?: readonly LifecycleRule[] };
};

type EncryptionRule = { readonly ServerSideEncryptionByDefault?: object; readonly [member: string]: unknown };

type LifecycleRule = {
  readonly Id?: string;
  readonly Prefix?: string;
  readonly ExpirationInDays?: number | string;
  readonly NoncurrentVersionExpirationInDays?: number | string;
  readonly [member: string]: unknown;
};

type BucketProperties = BucketConfiguration & { readonly BucketName?: string };

/** AWS::S3::Bucket. As in AWS, deleting a bucket that is not empty fails. */
export const s3Bucket: Provider<BucketProperties> = {
  replacing: ['BucketName', 'ObjectLockEnabled'],
  nameProperty: 'BucketName',
  tags: 'list',
  async create(properties, context) {
    const Bucket = properties.BucketName ?? context.name({ maxLength: 63, lowerCase: true });
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

async function configure(
  Bucket: string,
  now: BucketConfiguration,
  old: BucketConfiguration,
  context: ProviderContext,
): Promise<void> {
  if (isSetOrRemoved('VersioningConfiguration', now, old)) {
    const Status = now.VersioningConfiguration?.Status ?? 'Suspended';
    await context.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status } });
  }
  if (isSetOrRemoved('NotificationConfiguration', now, old)) {
    await context.call('s3', 'PutBucketNotificationConfiguration', {
      Bucket,
      NotificationConfiguration: notificationConfiguration(now.NotificationConfiguration ?? {}),
    });
  }
  for (const { property, put, remove, input } of RECORDED_CONFIGURATIONS) {
    const value = input(now);
    if (value) await recordWith(context, 's3', put, { Bucket, ...value });
    else if (old[property] !== undefined) await recordWith(context, 's3', remove, { Bucket });
  }
}

function isSetOrRemoved(property: keyof BucketConfiguration, now: BucketConfiguration, old: BucketConfiguration) {
  return now[property] !== undefined || old[property] !== undefined;
}

interface RecordedConfiguration {
  readonly property: keyof BucketConfiguration;
  readonly put: string;
  readonly remove: string;
  /** The input of `put`; undefined if the property is not set. */
  readonly input: (properties: BucketConfiguration) => object | undefined;
}

/** Configurations that have no effect here beyond being recorded. */
const RECORDED_CONFIGURATIONS: readonly RecordedConfiguration[] = [
  {
    property: 'BucketEncryption',
    put: 'PutBucketEncryption',
    remove: 'DeleteBucketEncryption',
    input: ({ BucketEncryption }) => BucketEncryption && encryption(BucketEncryption.ServerSideEncryptionConfiguration),
  },
  {
    property: 'PublicAccessBlockConfiguration',
    put: 'PutPublicAccessBlock',
    remove: 'DeletePublicAccessBlock',
    input: ({ PublicAccessBlockConfiguration }) => PublicAccessBlockConfiguration && { PublicAccessBlockConfiguration },
  },
  {
    property: 'OwnershipControls',
    put: 'PutBucketOwnershipControls',
    remove: 'DeleteBucketOwnershipControls',
    input: ({ OwnershipControls }) => OwnershipControls && { OwnershipControls },
  },
  {
    property: 'LifecycleConfiguration',
    put: 'PutBucketLifecycleConfiguration',
    remove: 'DeleteBucketLifecycle',
    input: ({ LifecycleConfiguration }) => LifecycleConfiguration && lifecycle(LifecycleConfiguration.Rules),
  },
  {
    property: 'Tags',
    put: 'PutBucketTagging',
    remove: 'DeleteBucketTagging',
    input: ({ Tags }) => Tags && { Tagging: { TagSet: tagList(Object.entries(tagMap(Tags))) } },
  },
];

function encryption(rules: readonly EncryptionRule[] = []) {
  const Rules = rules.map(({ ServerSideEncryptionByDefault, ...rest }) => ({
    ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
    ...rest,
  }));
  return { ServerSideEncryptionConfiguration: { Rules } };
}

function lifecycle(rules: readonly LifecycleRule[] = []) {
  const Rules = rules.map(({ Id, Prefix, ExpirationInDays, NoncurrentVersionExpirationInDays, ...rest }) => ({
    ...(Id !== undefined && { ID: Id }),
    Filter: { Prefix: Prefix ?? '' },
    ...(ExpirationInDays !== undefined && { Expiration: { Days: Number(ExpirationInDays) } }),
    ...(NoncurrentVersionExpirationInDays !== undefined && {
      NoncurrentVersionExpiration: { NoncurrentDays: Number(NoncurrentVersionExpirationInDays) },
    }),
    ...rest,
  }));
  return { LifecycleConfiguration: { Rules } };
}
