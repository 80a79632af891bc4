import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';

/** A customer managed key. It has no key material: nothing is encrypted. */
export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly createdAt: Date;
  readonly description: string;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  deletionDate?: Date;
}

/** The key that an id, ARN or alias refers to. */
type KeyReference =
  | { readonly kind: 'customer'; readonly key: KmsKey }
  /** An AWS managed key, e.g. `alias/aws/s3`. */
  | { readonly kind: 'aws' }
  /** A key of another account or Region, which is unknown here. */
  | { readonly kind: 'foreign'; readonly arn: string };

/** All keys of the account and their aliases. */
export class KeyStore {
  readonly #account: Account;
  /** Keys by id. A key whose deletion is scheduled stays. */
  readonly keys = new Map<string, KmsKey>();
  /** Keys by alias, `alias/…`. */
  readonly aliases = new Map<string, KmsKey>();

  constructor(account: Account) {
    this.#account = account;
  }

  arnOf(resource: string): string {
    return arn(this.#account, 'kms', resource);
  }

  /** Resolves a key id, alias, or the ARN of either. Throws AwsError NotFoundException. */
  resolve(reference: string | undefined = ''): KeyReference {
    const prefix = this.arnOf('');
    if (reference.startsWith('arn:') && !reference.startsWith(prefix)) return { kind: 'foreign', arn: reference };
    const name = reference.startsWith(prefix) ? reference.slice(prefix.length) : reference;
    if (name.startsWith('alias/aws/')) return { kind: 'aws' };
    if (name.startsWith('alias/')) return { kind: 'customer', key: this.byAlias(name) };
    const id = name.replace(/^key\//, '');
    const key = this.keys.get(id);
    if (!key) throw notFound(`Key '${this.arnOf(`key/${id}`)}' does not exist`);
    return { kind: 'customer', key };
  }

  /** Resolves a reference to a customer managed key of the account. Throws AwsError NotFoundException. */
  customerKey(reference: string | undefined): KmsKey {
    const found = this.resolve(reference);
    if (found.kind !== 'customer') throw notFound(`Key '${reference}' does not exist`);
    return found.key;
  }

  /** Throws AwsError InvalidAliasNameException, AlreadyExistsException. */
  createAlias(name: string, key: KmsKey): void {
    if (!/^alias\/(?!aws\/)[\w/-]+$/.test(name)) {
      throw new AwsError('InvalidAliasNameException', 'Alias must start with the prefix "alias/", not "alias/aws/".');
    }
    if (this.aliases.has(name)) {
      throw new AwsError('AlreadyExistsException', `An alias with the name ${this.arnOf(name)} already exists`);
    }
    this.aliases.set(name, key);
  }

  /** Throws AwsError NotFoundException. */
  byAlias(name: string): KmsKey {
    const key = this.aliases.get(name);
    if (!key) throw notFound(`Alias ${this.arnOf(name)} is not found.`);
    return key;
  }
}

/** Throws AwsError KMSInvalidStateException. */
export function checkNotPendingDeletion(key: KmsKey): void {
  if (key.state === 'PendingDeletion') {
    throw new AwsError('KMSInvalidStateException', `${key.arn} is pending deletion.`);
  }
}

const notFound = (message: string) => new AwsError('NotFoundException', message);
