import { AwsError } from '../core/aws-error.ts';
import { type Caller, type Deps, durableMaps, type Service } from '../core/cloud.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { keyOperations } from './key-operations.ts';
import { checkNotPendingDeletion, KeyStore, type KmsKey } from './key-store.ts';

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
      if (found.kind === 'aws') return undefined;
      const resource = found.kind === 'customer' ? found.key.arn : found.arn;
      const context: Record<string, string> = {
        'kms:ViaService': `${service}.${account.region}.amazonaws.com`,
        'kms:CallerAccount': account.accountId,
      };
      for (const [name, value] of Object.entries(encryptionContext)) context[`kms:EncryptionContext:${name}`] = value;
      for (const action of actions) cloud.authorize(caller, { action: `kms:${action}`, resource, context });
      if (found.kind === 'customer') checkUsable(found.key);
      return resource;
    },
  };
}

function checkUsable(key: KmsKey): void {
  if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.arn} is disabled.`);
  checkNotPendingDeletion(key);
}
