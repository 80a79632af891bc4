import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { checkNotPendingDeletion, type KeyStore, type KmsKey } from './key-store.ts';

const DAY_MS = 86_400_000;
const DEFAULT_PENDING_WINDOW_DAYS = 30;

interface KeyInput {
  readonly KeyId?: string;
}

interface AliasInput {
  readonly AliasName: string;
  readonly TargetKeyId?: string;
}

/** CreateKey, DescribeKey, PutKeyPolicy, EnableKey, DisableKey and ScheduleKeyDeletion. */
export function keyOperations(deps: Deps, store: KeyStore, iam: PolicyHolder): Record<string, Operation> {
  const setState =
    (state: KmsKey['state']) =>
    ({ KeyId }: KeyInput) => {
      const key = store.customerKey(KeyId);
      checkNotPendingDeletion(key);
      key.state = state;
      return {};
    };
  const resourceOf = ({ KeyId }: KeyInput) => (KeyId === undefined ? '*' : store.customerKey(KeyId).arn);
  return permitted('kms', resourceOf, {
    CreateKey({ Policy, Description = '' }: { readonly Policy?: string; readonly Description?: string }) {
      const id = deps.ids.uuid();
      const createdAt = new Date(deps.clock.now());
      const key: KmsKey = { id, arn: store.arnOf(`key/${id}`), createdAt, description: Description, state: 'Enabled' };
      setKeyPolicy(iam, key, Policy ?? defaultKeyPolicy(deps));
      store.add(key);
      return { KeyMetadata: describeKey(deps, key) };
    },
    DescribeKey: ({ KeyId }: KeyInput) => ({ KeyMetadata: describeKey(deps, store.customerKey(KeyId)) }),
    PutKeyPolicy({ KeyId, Policy }: KeyInput & { readonly Policy: string }) {
      setKeyPolicy(iam, store.customerKey(KeyId), Policy);
      return {};
    },
    EnableKey: setState('Enabled'),
    DisableKey: setState('Disabled'),
    ScheduleKeyDeletion({ KeyId, PendingWindowInDays: days }: KeyInput & { readonly PendingWindowInDays?: number }) {
      const key = store.customerKey(KeyId);
      checkNotPendingDeletion(key);
      key.state = 'PendingDeletion';
      key.deletionDate = new Date(deps.clock.now() + (days ?? DEFAULT_PENDING_WINDOW_DAYS) * DAY_MS);
      return { KeyId: key.arn, DeletionDate: key.deletionDate, KeyState: key.state };
    },
  });
}

/** CreateAlias, UpdateAlias and DeleteAlias. */
export function aliasOperations(store: KeyStore): Record<string, Operation> {
  // As on AWS, both the alias and its key must allow the action.
  const resourcesOf = ({ AliasName, TargetKeyId = AliasName }: AliasInput) => [
    store.arnOf(AliasName),
    store.customerKey(TargetKeyId).arn,
  ];
  return permitted('kms', resourcesOf, {
    CreateAlias({ AliasName, TargetKeyId }: AliasInput) {
      store.createAlias(AliasName, store.customerKey(TargetKeyId));
      return {};
    },
    UpdateAlias({ AliasName, TargetKeyId }: AliasInput) {
      store.updateAlias(AliasName, store.customerKey(TargetKeyId));
      return {};
    },
    DeleteAlias({ AliasName }: AliasInput) {
      store.deleteAlias(AliasName);
      return {};
    },
  });
}

/** The policy of a key that is created without one: it delegates to the account's identity policies. */
function defaultKeyPolicy({ account: { partition, accountId } }: Deps): string {
  const Principal = { AWS: `arn:${partition}:iam::${accountId}:root` };
  return JSON.stringify({ Statement: { Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' } });
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
  ...(key.deletionDate && { DeletionDate: key.deletionDate }),
  Origin: 'AWS_KMS',
  KeyManager: 'CUSTOMER',
  KeySpec: 'SYMMETRIC_DEFAULT',
});
