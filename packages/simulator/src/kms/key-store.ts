import type { KeyMetadata, KeyState } from '@aws-sdk/client-kms';
import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import { checkMember } from '../core/constraint.ts';

/** A customer managed key, as it is described. It has no key material: nothing is encrypted. */
export interface KmsKey extends KeyMetadata {
  readonly Arn: string;
  KeyState: KeyState;
}

/** All keys of the account and their aliases. */
export class KeyStore {
  /** By id. A key whose deletion is scheduled stays. */
  readonly keys = new Map<string, KmsKey>();
  /** Keys by alias, `alias/…`. */
  readonly aliases = new Map<string, KmsKey>();
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  arnOf(resource: string): string {
    return arn(this.#account, 'kms', resource);
  }

  /**
   * The key that an id, an alias, or the ARN of either refers to: a customer managed one, `aws` for one that AWS
   * manages, e.g. `alias/aws/s3`, or the ARN alone for a key of another account or Region, which is unknown here.
   * Throws AwsError NotFoundException.
   */
  resolve(reference = ''): KmsKey | { readonly Arn: string } | 'aws' {
    const prefix = this.arnOf('');
    if (reference.startsWith('arn:') && !reference.startsWith(prefix)) return { Arn: reference };
    const name = reference.startsWith(prefix) ? reference.slice(prefix.length) : reference;
    if (name.startsWith('alias/aws/')) return 'aws';
    if (name.startsWith('alias/')) return this.byAlias(name);
    const id = name.replace(/^key\//, '');
    const key = this.keys.get(id);
    if (!key && !/^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12})$/.test(id)) {
      throw notFound(`Invalid keyId '${id}'`);
    }
    if (!key) throw notFound(`Key '${this.arnOf(`key/${id}`)}' does not exist`);
    return key;
  }

  /** Resolves a reference to a customer managed key of the account. Throws AwsError NotFoundException. */
  customerKey(reference: string | undefined): KmsKey {
    const found = this.resolve(reference);
    if (found === 'aws' || !('KeyState' in found)) throw notFound(`Key '${reference}' does not exist`);
    return found;
  }

  /** Throws AwsError NotFoundException, ValidationException. */
  byAlias(name: string): KmsKey {
    checkPrefix(name);
    const key = this.aliases.get(name);
    if (!key) throw notFound(`Alias ${this.arnOf(name)} is not found.`);
    return key;
  }

  /** Throws AwsError ValidationException, NotAuthorizedException, AlreadyExistsException. */
  createAlias(name: string, target: string | undefined): void {
    checkMember('aliasName', name, { min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ });
    if (name.startsWith('alias/aws/')) throw new AwsError('NotAuthorizedException', '');
    checkPrefix(name);
    if (name.includes(':')) throw invalidKms(`${name} contains invalid characters for an alias`);
    if (target?.startsWith('alias/')) throw invalidKms('Aliases must refer to keys. Not aliases');
    if (this.aliases.has(name)) {
      throw new AwsError('AlreadyExistsException', `An alias with the name ${this.arnOf(name)} already exists`);
    }
    this.aliases.set(name, this.customerKey(target));
  }
}

function checkPrefix(name: string): void {
  if (!name.startsWith('alias/')) {
    throw invalidKms(
      'Alias must start with the prefix "alias/". Please see ' +
        'https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
}

/** Throws AwsError KMSInvalidStateException. */
export function checkNotPendingDeletion(key: KmsKey): void {
  if (key.KeyState === 'PendingDeletion') {
    throw new AwsError('KMSInvalidStateException', `${key.Arn} is pending deletion.`);
  }
}

const notFound = (message: string) => new AwsError('NotFoundException', message);

const invalidKms = (message: string) => new AwsError('ValidationException', message);
