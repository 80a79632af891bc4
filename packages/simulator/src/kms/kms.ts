import type { KMS } from '@aws-sdk/client-kms';
import { AwsError } from '../core/aws-error.ts';
import { type Caller, type Deps, durableMaps, type Service } from '../core/cloud.ts';
import { operationsOf } from '../core/operations.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { checkNotPendingDeletion, KeyStore, type KmsKey } from './key-store.ts';

const DAY_MS = 86_400_000;
const DEFAULT_PENDING_WINDOW_DAYS = 30;

/** The use of a key by a service on behalf of its caller. */
export interface KeyUse {
  /** Id, alias, or the ARN of either. */
  readonly keyId: string;
  readonly actions: readonly ('Decrypt' | 'GenerateDataKey')[];
  /** The service that uses the key, e.g. `s3`. */
  readonly service: string;
  /** Policies can have conditions on it. */
  readonly encryptionContext: Readonly<Record<string, string>>;
}

/** Key Management Service: the keys of the account and the permissions to use them. */
export interface Kms {
  readonly service: Service;
  /**
   * Authorizes the use of a key and returns the key's ARN; undefined for an AWS managed key, which every caller can
   * use. Throws AwsError AccessDeniedException, NotFoundException, DisabledException or KMSInvalidStateException.
   */
  authorizeUse(caller: Caller, use: KeyUse): string | undefined;
}

/** KMS without key material: policies and states of keys are enforced, but nothing is encrypted. */
export function createKms(deps: Deps, { iam }: { readonly iam: PolicyHolder }): Kms {
  const { account, cloud } = deps;
  const store = new KeyStore(account);
  return {
    service: {
      name: 'kms',
      operations: keyOperations(deps, store, iam),
      durable: durableMaps({ keys: store.keys, aliases: store.aliases }),
    },
    authorizeUse(caller, { keyId, actions, service, encryptionContext }) {
      const found = store.resolve(keyId);
      if (found === 'aws') return undefined;
      const context: Record<string, string> = {
        'kms:ViaService': `${service}.${account.region}.amazonaws.com`,
        'kms:CallerAccount': account.accountId,
      };
      for (const [name, value] of Object.entries(encryptionContext)) context[`kms:EncryptionContext:${name}`] = value;
      for (const action of actions) cloud.authorize(caller, { action: `kms:${action}`, resource: found.Arn, context });
      if ('KeyState' in found) {
        if (found.KeyState === 'Disabled') throw new AwsError('DisabledException', `${found.Arn} is disabled.`);
        checkNotPendingDeletion(found);
      }
      return found.Arn;
    },
  };
}

/** The operations on keys and their aliases. */
function keyOperations(deps: Deps, store: KeyStore, iam: PolicyHolder) {
  const { account, clock } = deps;
  const setState = (reference: string | undefined, KeyState: KmsKey['KeyState'], more: Partial<KmsKey> = {}) => {
    const key = store.customerKey(reference);
    checkNotPendingDeletion(key);
    return Object.assign(key, { KeyState, Enabled: KeyState === 'Enabled', ...more });
  };
  /** The policy of a key that is created without one: it delegates to the account's identity policies. */
  const defaultPolicy = () => {
    const Principal = { AWS: `arn:${account.partition}:iam::${account.accountId}:root` };
    return JSON.stringify({ Statement: { Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' } });
  };
  return operationsOf<KMS>()(
    'kms',
    // As on AWS, both an alias and its key must allow the action.
    ({ AliasName, TargetKeyId, KeyId = TargetKeyId }) => {
      if (AliasName === undefined) return KeyId === undefined ? '*' : store.customerKey(KeyId).Arn;
      const key = KeyId === undefined ? store.byAlias(AliasName) : store.customerKey(KeyId);
      return [store.arnOf(AliasName), key.Arn];
    },
    {
      CreateKey({ Policy, Description = '' }) {
        const key = newKey(deps, store, Description);
        setKeyPolicy(iam, key, Policy ?? defaultPolicy());
        store.keys.set(key.KeyId ?? '', key);
        return { KeyMetadata: { ...key } };
      },
      DescribeKey: ({ KeyId }) => ({ KeyMetadata: { ...store.customerKey(KeyId) } }),
      PutKeyPolicy: ({ KeyId, Policy = '' }) => setKeyPolicy(iam, store.customerKey(KeyId), Policy),
      EnableKey: ({ KeyId }) => void setState(KeyId, 'Enabled'),
      DisableKey: ({ KeyId }) => void setState(KeyId, 'Disabled'),
      ScheduleKeyDeletion({ KeyId: reference, PendingWindowInDays = DEFAULT_PENDING_WINDOW_DAYS }) {
        const DeletionDate = new Date(clock.now() + PendingWindowInDays * DAY_MS);
        const { Arn: KeyId, KeyState } = setState(reference, 'PendingDeletion', { DeletionDate });
        return { KeyId, DeletionDate, KeyState };
      },
      CreateAlias: ({ AliasName = '', TargetKeyId }) => store.createAlias(AliasName, TargetKeyId),
      UpdateAlias({ AliasName = '', TargetKeyId }) {
        store.byAlias(AliasName);
        store.aliases.set(AliasName, store.customerKey(TargetKeyId));
      },
      DeleteAlias({ AliasName = '' }) {
        store.byAlias(AliasName);
        store.aliases.delete(AliasName);
      },
    },
  );
}

function setKeyPolicy(iam: PolicyHolder, key: KmsKey, policy: string): void {
  try {
    iam.setResourcePolicy(key.Arn, policy);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError('MalformedPolicyDocumentException', error.message, 400, { cause: error });
  }
}

function newKey({ account, clock, ids }: Deps, store: KeyStore, Description: string): KmsKey {
  const KeyId = ids.uuid();
  return {
    AWSAccountId: account.accountId,
    KeyId,
    Arn: store.arnOf(`key/${KeyId}`),
    CreationDate: new Date(clock.now()),
    Enabled: true,
    Description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: 'Enabled',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    KeySpec: 'SYMMETRIC_DEFAULT',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
    CurrentKeyMaterialId: ids.hex(64),
  };
}
