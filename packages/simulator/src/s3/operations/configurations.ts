import type {
  BucketLifecycleConfiguration,
  BucketVersioningStatus,
  GetBucketVersioningCommandOutput,
  NotificationConfiguration,
  PutBucketNotificationConfigurationCommandInput,
  PutBucketPolicyCommandInput,
  PutBucketVersioningCommandInput,
  Tagging,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { invalidArgument, malformedXml, notImplemented, S3Error } from '../errors.ts';
import type { S3State } from '../state.ts';
import { checkTagSet } from '../tags.ts';
import type { SdkOutput } from './output.ts';

const DAY_MS = 86_400_000;

type Named = { readonly Bucket?: string };

/** A configuration that is stored and returned, without effect here. */
interface StoredConfiguration {
  readonly put: string;
  readonly get: string;
  readonly remove: string;
  /** The member of the input, and of the output unless the output's members are the configuration's own. */
  readonly member: string;
  readonly flat?: true;
  /** The configuration of a new bucket. */
  readonly initial?: object;
  /** The error of `get` if there is none. */
  readonly missing: readonly [code: string, message: string];
}

const STORED_CONFIGURATIONS: readonly StoredConfiguration[] = [
  {
    put: 'PutBucketEncryption',
    get: 'GetBucketEncryption',
    remove: 'DeleteBucketEncryption',
    member: 'ServerSideEncryptionConfiguration',
    initial: {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
    },
    missing: [
      'ServerSideEncryptionConfigurationNotFoundError',
      'The server side encryption configuration was not found',
    ],
  },
  {
    put: 'PutPublicAccessBlock',
    get: 'GetPublicAccessBlock',
    remove: 'DeletePublicAccessBlock',
    member: 'PublicAccessBlockConfiguration',
    initial: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
    missing: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
  },
  {
    put: 'PutBucketOwnershipControls',
    get: 'GetBucketOwnershipControls',
    remove: 'DeleteBucketOwnershipControls',
    member: 'OwnershipControls',
    initial: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    missing: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
  },
  {
    put: 'PutBucketLifecycleConfiguration',
    get: 'GetBucketLifecycleConfiguration',
    remove: 'DeleteBucketLifecycle',
    member: 'LifecycleConfiguration',
    flat: true,
    missing: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  },
  {
    put: 'PutBucketTagging',
    get: 'GetBucketTagging',
    remove: 'DeleteBucketTagging',
    member: 'Tagging',
    flat: true,
    missing: ['NoSuchTagSet', 'The TagSet does not exist'],
  },
];

function storedOperations(state: S3State, kind: StoredConfiguration): Record<string, Operation> {
  return {
    [kind.put]: {
      run(input: Named & Readonly<Record<string, unknown>>): object {
        const bucket = state.bucket(input.Bucket);
        const configuration = input[kind.member];
        if (configuration === undefined || configuration === null) throw malformedXml();
        if (kind.member === 'Tagging') checkTagSet((configuration as Tagging).TagSet ?? []);
        const stored = structuredClone(configuration);
        if (kind.member === 'LifecycleConfiguration') completeRules(state, stored as BucketLifecycleConfiguration);
        bucket.configurations.set(kind.member, stored);
        return {};
      },
    },
    [kind.get]: {
      run(input: Named): object {
        const bucket = state.bucket(input.Bucket);
        const configuration = bucket.configurations.has(kind.member)
          ? bucket.configurations.get(kind.member)
          : kind.initial;
        if (!configuration) throw new S3Error(...kind.missing, 404, { BucketName: bucket.name });
        const copy = structuredClone(configuration);
        return kind.flat ? copy : { [kind.member]: copy };
      },
    },
    [kind.remove]: {
      run(input: Named): object {
        // Encryption returns to that of a new bucket; the others are removed.
        const bucket = state.bucket(input.Bucket);
        if (kind.put === 'PutBucketEncryption') bucket.configurations.delete(kind.member);
        else bucket.configurations.set(kind.member, undefined);
        return {};
      },
    },
  };
}

const MAX_RULE_ID_LENGTH = 255;

/** Gives each rule an id. Throws InvalidArgument or MalformedXML. */
function completeRules({ deps }: S3State, { Rules = [] }: BucketLifecycleConfiguration): void {
  const ids = new Set<string>();
  for (const rule of Rules) {
    if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled') throw malformedXml();
    const { ID: id = deps.ids.hex(48), Expiration: { Days: days, Date: expiry } = {}, Transitions = [] } = rule;
    const date = [expiry, ...Transitions.map(({ Date: start }) => start)].find((day) => day && day.getTime() % DAY_MS);
    if (id.length > MAX_RULE_ID_LENGTH) {
      throw invalidArgument(`ID length should not exceed allowed limit of ${MAX_RULE_ID_LENGTH}`, 'ID', id);
    }
    if (ids.has(id)) {
      throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule', 'ID', id);
    }
    if (days !== undefined && days < 1) {
      throw invalidArgument("'Days' for Expiration action must be a positive integer", 'Days', String(days));
    }
    if (date !== undefined) {
      throw invalidArgument("'Date' must be at midnight GMT", 'Date', date.toISOString());
    }
    rule.ID = id;
    ids.add(id);
  }
}

/** Operations on a bucket's versioning, notifications and policy, and on configurations that are only stored. */
export function configurationOperations(state: S3State): Record<string, Operation> {
  return Object.assign(
    { ...versioningOperations(state), ...notificationOperations(state), ...bucketPolicyOperations(state) },
    ...STORED_CONFIGURATIONS.map((kind) => storedOperations(state, kind)),
  );
}

function versioningOperations(state: S3State): Record<string, Operation> {
  return {
    PutBucketVersioning: {
      run(input: PutBucketVersioningCommandInput): object {
        const bucket = state.bucket(input.Bucket);
        const { Status: status, MFADelete: mfaDelete } = input.VersioningConfiguration ?? {};
        if (mfaDelete === 'Enabled') throw notImplemented('MFA Delete');
        if (status === undefined && mfaDelete !== undefined) return {};
        if (status !== 'Enabled' && status !== 'Suspended') {
          throw new S3Error('IllegalVersioningConfigurationException', 'The Versioning element must be specified', 400);
        }
        bucket.versioning = status;
        return {};
      },
    },
    GetBucketVersioning: {
      run(input: Named): SdkOutput<GetBucketVersioningCommandOutput> {
        const status: BucketVersioningStatus | undefined = state.bucket(input.Bucket).versioning;
        return status === undefined ? {} : { Status: status };
      },
    },
  };
}

function notificationOperations(state: S3State): Record<string, Operation> {
  return {
    PutBucketNotificationConfiguration: {
      run(input: PutBucketNotificationConfigurationCommandInput): object {
        const bucket = state.bucket(input.Bucket);
        const configuration = input.NotificationConfiguration ?? {};
        for (const member of ['QueueConfigurations', 'TopicConfigurations', 'LambdaFunctionConfigurations'] as const) {
          if (configuration[member]?.length) {
            throw notImplemented(`bucket notifications by ${member}, only EventBridgeConfiguration`);
          }
        }
        bucket.eventBridge = configuration.EventBridgeConfiguration !== undefined;
        return {};
      },
    },
    GetBucketNotificationConfiguration: {
      run(input: Named): NotificationConfiguration {
        return state.bucket(input.Bucket).eventBridge ? { EventBridgeConfiguration: {} } : {};
      },
    },
  };
}

function bucketPolicyOperations(state: S3State): Record<string, Operation> {
  return {
    PutBucketPolicy: {
      run(input: PutBucketPolicyCommandInput): object {
        const bucket = state.bucket(input.Bucket);
        const policy = input.Policy ?? '';
        if (Buffer.byteLength(policy) > 20 * 1024) {
          throw new S3Error('PolicyTooLarge', 'The policy exceeds the maximum allowed document size.', 400);
        }
        try {
          const parsed: unknown = JSON.parse(policy);
          if (!parsed || typeof parsed !== 'object' || !('Statement' in parsed)) throw new Error('no Statement');
        } catch {
          throw new S3Error('MalformedPolicy', 'This policy contains invalid Json', 400);
        }
        state.setPolicy(bucket, policy);
        return {};
      },
    },
    GetBucketPolicy: {
      run(input: Named): { Policy: string } {
        const bucket = state.bucket(input.Bucket);
        if (bucket.policy === undefined) {
          throw new S3Error('NoSuchBucketPolicy', 'The bucket policy does not exist', 404, { BucketName: bucket.name });
        }
        return { Policy: bucket.policy };
      },
    },
    DeleteBucketPolicy: {
      run(input: Named): object {
        state.setPolicy(state.bucket(input.Bucket), undefined);
        return {};
      },
    },
  };
}
