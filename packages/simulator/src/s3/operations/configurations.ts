import type {
  BucketLifecycleConfiguration,
  LifecycleRule,
  OwnershipControls,
  ServerSideEncryptionConfiguration,
  Tagging,
} from '@aws-sdk/client-s3';
import type { Operations, S3Call } from '../calls.ts';
import { invalidArgument, invalidRequest, notImplemented, S3Error, s3Error } from '../errors.ts';
import type { S3State } from '../state.ts';
import { checkTagSet } from '../tags.ts';
import { isOwnership } from './buckets.ts';

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
  /** The members that a request need not give. */
  readonly absent?: object;
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
    absent: {
      BlockPublicAcls: false,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    },
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
  const { member, flat, initial, absent, missing } = kind;
  return {
    [`Put${put}`]({ input, bucket }: S3Call<Readonly<Record<string, unknown>>>) {
      const configuration = structuredClone(input[member]);
      if (configuration === undefined || configuration === null) throw s3Error('MalformedXML');
      if (member === 'Tagging') checkTagSet((configuration as Tagging).TagSet ?? []);
      if (member === 'LifecycleConfiguration') completeRules(state, configuration as BucketLifecycleConfiguration);
      if (member === 'OwnershipControls') checkOwnership(configuration as OwnershipControls);
      if (member === 'ServerSideEncryptionConfiguration') checkEncryption(configuration);
      const added = member === 'LifecycleConfiguration' ? transitionSize(input.TransitionDefaultMinimumObjectSize) : {};
      const isEmpty = member === 'Tagging' && !(configuration as Tagging).TagSet?.length;
      bucket.configurations.set(member, isEmpty ? undefined : { ...absent, ...configuration, ...added });
      return added;
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

function transitionSize(TransitionDefaultMinimumObjectSize: unknown = 'all_storage_classes_128K') {
  if (['all_storage_classes_128K', 'varies_by_storage_class'].includes(String(TransitionDefaultMinimumObjectSize))) {
    return { TransitionDefaultMinimumObjectSize };
  }
  throw invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${TransitionDefaultMinimumObjectSize}`);
}

function checkOwnership({ Rules = [] }: OwnershipControls): void {
  const [rule, ...others] = Rules;
  if (others.length > 0 || !isOwnership(rule?.ObjectOwnership)) throw s3Error('MalformedXML');
}

function checkEncryption({ Rules = [] }: Partial<ServerSideEncryptionConfiguration>): void {
  if (Rules.length !== 1) throw s3Error('MalformedXML');
  const { SSEAlgorithm = '', KMSMasterKeyID } = Rules[0]?.ApplyServerSideEncryptionByDefault ?? {};
  if (KMSMasterKeyID === undefined || SSEAlgorithm.startsWith('aws:kms')) return;
  const message = 'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse';
  throw new S3Error('InvalidArgument', message, 400, { ArgumentName: 'ApplyServerSideEncryptionByDefault' });
}

/** Gives each rule an id. Throws InvalidArgument, InvalidRequest or MalformedXML. */
function completeRules({ deps }: S3State, { Rules = [] }: BucketLifecycleConfiguration): void {
  const ids = new Set<string>();
  for (const rule of Rules) {
    checkShape(rule);
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

function checkShape({ Status, Filter, Prefix, Expiration, NoncurrentVersionExpiration: noncurrent }: LifecycleRule) {
  const selects = Filter === undefined ? Prefix !== undefined : Prefix === undefined && Object.keys(Filter).length < 2;
  const isMarkersOnly = Expiration?.ExpiredObjectDeleteMarker !== undefined;
  const isShaped =
    (Status === 'Enabled' || Status === 'Disabled') &&
    selects &&
    !(isMarkersOnly && (Expiration?.Days ?? Expiration?.Date) !== undefined) &&
    !(noncurrent && noncurrent.NoncurrentDays === undefined);
  if (!isShaped) throw s3Error('MalformedXML');
  const keys = Filter?.And?.Tags?.map(({ Key }) => Key) ?? [];
  if (new Set(keys).size < keys.length) throw invalidRequest('Duplicate Tag Keys are not allowed.');
}

const VERSIONING_AND_NOTIFICATIONS = {
  PutBucketVersioning({ input, bucket }) {
    const { Status: status, MFADelete: mfaDelete } = input.VersioningConfiguration ?? {};
    if (mfaDelete === 'Enabled') throw notImplemented('MFA Delete');
    if (status === undefined && mfaDelete !== undefined) return {};
    if (status === undefined) throw s3Error('IllegalVersioningConfigurationException');
    if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('MalformedXML');
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
      const malformed = (message: string) => new S3Error('MalformedPolicy', message, 400);
      if (!policy.startsWith('{')) throw malformed("Policies must be valid JSON and the first byte must be '{'");
      let parsed: object;
      try {
        parsed = JSON.parse(policy);
      } catch {
        throw malformed('This policy contains invalid Json');
      }
      if (!('Statement' in parsed)) throw malformed('Missing required field Statement');
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
