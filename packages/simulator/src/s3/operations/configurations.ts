import type { BucketLifecycleConfiguration, Tagging } from '@aws-sdk/client-s3';
import type { Operations, S3Call } from '../calls.ts';
import { invalidArgument, notImplemented, S3Error, s3Error } from '../errors.ts';
import type { S3State } from '../state.ts';
import { checkTagSet } from '../tags.ts';

const DAY_MS = 86_400_000;
const MAX_RULE_ID_LENGTH = 255;
const MAX_POLICY_BYTES = 20 * 1024;

/** A configuration that is stored and returned. Only that of encryption has an effect. */
interface StoredConfiguration {
  /** The names of the operations after `Put`, `Get` and `Delete`. @default that after `Get` */
  readonly get: string;
  readonly put?: string;
  readonly remove?: string;
  /** The member of the input, and of the output unless the output's members are the configuration's own. */
  readonly member: string;
  readonly flat?: true;
  /** The configuration of a new bucket. */
  readonly initial?: object;
  /** The error if there is none. */
  readonly missing: readonly [code: string, message: string];
}

const STORED_CONFIGURATIONS: readonly StoredConfiguration[] = [
  {
    get: 'BucketEncryption',
    member: 'ServerSideEncryptionConfiguration',
    initial: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }] },
    // Without one, it is that of a new bucket again.
    missing: [
      'ServerSideEncryptionConfigurationNotFoundError',
      'The server side encryption configuration was not found',
    ],
  },
  {
    get: 'PublicAccessBlock',
    member: 'PublicAccessBlockConfiguration',
    initial: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
    missing: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
  },
  {
    get: 'BucketOwnershipControls',
    member: 'OwnershipControls',
    initial: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    missing: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
  },
  {
    get: 'BucketLifecycleConfiguration',
    remove: 'BucketLifecycle',
    member: 'LifecycleConfiguration',
    flat: true,
    missing: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  },
  {
    get: 'BucketTagging',
    member: 'Tagging',
    flat: true,
    missing: ['NoSuchTagSet', 'The TagSet does not exist'],
  },
];

/** Operations on a bucket's versioning, notifications and policy, and on configurations that are stored. */
export function configurationOperations(state: S3State): Operations {
  return Object.assign(
    { ...VERSIONING_AND_NOTIFICATIONS, ...policyOperations(state) },
    ...STORED_CONFIGURATIONS.map((kind) => storedOperations(state, kind)),
  );
}

function storedOperations(state: S3State, { get, put = get, remove = get, ...kind }: StoredConfiguration) {
  const { member, flat, initial, missing } = kind;
  return {
    [`Put${put}`]({ input, bucket }: S3Call<Readonly<Record<string, unknown>>>) {
      const configuration = structuredClone(input[member]);
      if (configuration === undefined || configuration === null) throw s3Error('MalformedXML');
      if (member === 'Tagging') checkTagSet((configuration as Tagging).TagSet ?? []);
      if (member === 'LifecycleConfiguration') completeRules(state, configuration as BucketLifecycleConfiguration);
      const isEmpty = member === 'Tagging' && !(configuration as Tagging).TagSet?.length;
      bucket.configurations.set(member, isEmpty ? undefined : configuration);
      return {};
    },
    [`Get${get}`]({ bucket: { name, configurations } }: S3Call) {
      const configuration = structuredClone(configurations.has(member) ? configurations.get(member) : initial);
      if (!configuration) throw new S3Error(...missing, 404, { BucketName: name });
      return flat ? configuration : { [member]: configuration };
    },
    [`Delete${remove}`]({ bucket: { configurations } }: S3Call) {
      // Encryption returns to that of a new bucket; the others are removed.
      if (get === 'BucketEncryption') configurations.delete(member);
      else configurations.set(member, undefined);
      return {};
    },
  };
}

/** Gives each rule an id. Throws InvalidArgument or MalformedXML. */
function completeRules({ deps }: S3State, { Rules = [] }: BucketLifecycleConfiguration): void {
  const ids = new Set<string>();
  for (const rule of Rules) {
    if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled') throw s3Error('MalformedXML');
    const { ID: id = deps.ids.hex(48), Expiration: { Days: days, Date: expiry } = {}, Transitions = [] } = rule;
    const date = [expiry, ...Transitions.map(({ Date: start }) => start)].find((day) => day && day.getTime() % DAY_MS);
    if (id.length > MAX_RULE_ID_LENGTH) {
      throw invalidArgument(`ID length should not exceed allowed limit of ${MAX_RULE_ID_LENGTH}`, 'ID', id);
    }
    if (ids.has(id)) throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule', 'ID', id);
    if (days !== undefined && days < 1) {
      throw invalidArgument("'Days' for Expiration action must be a positive integer", 'Days', String(days));
    }
    if (date !== undefined) throw invalidArgument("'Date' must be at midnight GMT", 'Date', date.toISOString());
    rule.ID = id;
    ids.add(id);
  }
}

const VERSIONING_AND_NOTIFICATIONS = {
  PutBucketVersioning({ input, bucket }) {
    const { Status: status, MFADelete: mfaDelete } = input.VersioningConfiguration ?? {};
    if (mfaDelete === 'Enabled') throw notImplemented('MFA Delete');
    if (status === undefined && mfaDelete !== undefined) return {};
    if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('IllegalVersioningConfigurationException');
    bucket.versioning = status;
    return {};
  },
  GetBucketVersioning: ({ bucket }) => ({ Status: bucket.versioning }),

  PutBucketNotificationConfiguration({ input, bucket }) {
    const configuration = input.NotificationConfiguration ?? {};
    for (const member of ['QueueConfigurations', 'TopicConfigurations', 'LambdaFunctionConfigurations'] as const) {
      if (configuration[member]?.length) {
        throw notImplemented(`bucket notifications by ${member}, only EventBridgeConfiguration`);
      }
    }
    bucket.eventBridge = configuration.EventBridgeConfiguration !== undefined;
    return {};
  },
  GetBucketNotificationConfiguration: ({ bucket }) => (bucket.eventBridge ? { EventBridgeConfiguration: {} } : {}),
} satisfies Operations;

function policyOperations(state: S3State) {
  return {
    PutBucketPolicy({ input, bucket }) {
      const policy = input.Policy ?? '';
      if (Buffer.byteLength(policy) > MAX_POLICY_BYTES) throw s3Error('PolicyTooLarge');
      try {
        const parsed: unknown = JSON.parse(policy);
        if (!parsed || typeof parsed !== 'object' || !('Statement' in parsed)) throw new Error('no Statement');
      } catch {
        throw new S3Error('MalformedPolicy', 'This policy contains invalid Json', 400);
      }
      state.setPolicy(bucket, policy);
      return {};
    },
    GetBucketPolicy({ bucket: { name, policy } }) {
      if (policy === undefined) throw s3Error('NoSuchBucketPolicy', { BucketName: name });
      return { Policy: policy };
    },
    DeleteBucketPolicy({ bucket }) {
      state.setPolicy(bucket, undefined);
      return {};
    },
  } satisfies Operations;
}
