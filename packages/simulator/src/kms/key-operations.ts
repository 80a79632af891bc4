import type { KMS } from '@aws-sdk/client-kms';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import { operationsOf } from '../core/operations.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { checkNotPendingDeletion, type KeyStore, type KmsKey } from './key-store.ts';

const DAY_MS = 86_400_000;
const DEFAULT_PENDING_WINDOW_DAYS = 30;

/** The operations on keys and their aliases. */
export function keyOperations(deps: Deps, store: KeyStore, iam: PolicyHolder) {
  const { account, clock, ids } = deps;
  const changeable = (reference: string | undefined) => {
    const key = store.customerKey(reference);
    checkNotPendingDeletion(key);
    return key;
  };
  /** The policy of a key that is created without one: it delegates to the account's identity policies. */
  const defaultPolicy = () => {
    const Principal = { AWS: `arn:${account.partition}:iam::${account.accountId}:root` };
    return JSON.stringify({ Statement: { Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' } });
  };
  return operationsOf<KMS>()(
    'kms',
    // As on AWS, both an alias and its key must allow the action.
    ({ AliasName, TargetKeyId = AliasName, KeyId = TargetKeyId }) => [
      ...(AliasName === undefined ? [] : [store.arnOf(AliasName)]),
      KeyId === undefined ? '*' : store.customerKey(KeyId).arn,
    ],
    {
      CreateKey({ Policy, Description = '' }) {
        const id = ids.uuid();
        const createdAt = new Date(clock.now());
        const key: KmsKey = {
          id,
          arn: store.arnOf(`key/${id}`),
          createdAt,
          description: Description,
          state: 'Enabled',
        };
        setKeyPolicy(iam, key, Policy ?? defaultPolicy());
        store.keys.set(id, key);
        return { KeyMetadata: describeKey(deps, key) };
      },
      DescribeKey: ({ KeyId }) => ({ KeyMetadata: describeKey(deps, store.customerKey(KeyId)) }),
      PutKeyPolicy: ({ KeyId, Policy = '' }) => setKeyPolicy(iam, store.customerKey(KeyId), Policy),
      EnableKey({ KeyId }) {
        changeable(KeyId).state = 'Enabled';
      },
      DisableKey({ KeyId }) {
        changeable(KeyId).state = 'Disabled';
      },
      ScheduleKeyDeletion({ KeyId, PendingWindowInDays = DEFAULT_PENDING_WINDOW_DAYS }) {
        const key = changeable(KeyId);
        key.state = 'PendingDeletion';
        key.deletionDate = new Date(clock.now() + PendingWindowInDays * DAY_MS);
        return { KeyId: key.arn, DeletionDate: key.deletionDate, KeyState: key.state };
      },
      CreateAlias: ({ AliasName = '', TargetKeyId }) => store.createAlias(AliasName, store.customerKey(TargetKeyId)),
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
    iam.setResourcePolicy(key.arn, policy);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError('MalformedPolicyDocumentException', error.message, 400, { cause: error });
  }
}

const describeKey = ({ account }: Deps, key: KmsKey) => ({
  AWSAccountId: account.accountId,
  KeyId: key.id,
  Arn: key.arn,
  CreationDate: key.createdAt,
  Enabled: key.state === 'Enabled',
  Description: key.description,
  KeyUsage: 'ENCRYPT_DECRYPT',
  KeyState: key.state,
  DeletionDate: key.deletionDate,
  Origin: 'AWS_KMS',
  KeyManager: 'CUSTOMER',
  KeySpec: 'SYMMETRIC_DEFAULT',
});
