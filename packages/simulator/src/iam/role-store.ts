import { AwsError } from '../core/aws-error.ts';
import type { PolicyText } from './policy-document.ts';

/** A role with its policies. */
export interface Role {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly created: Date;
  description: string | undefined;
  maxSessionDuration: number;
  trust: PolicyText;
  readonly inline: Map<string, PolicyText>;
  /** ARNs of managed policies. */
  readonly attached: Set<string>;
  readonly tags: Map<string, string>;
}

/** A customer managed policy. */
export interface ManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly created: Date;
  description: string | undefined;
  updated: Date;
  defaultVersion: string;
  nextVersion: number;
  readonly versions: Map<string, PolicyText & { readonly created: Date }>;
}

/** All roles and customer managed policies of the account. */
export class RoleStore {
  readonly #roles = new Map<string, Role>();
  readonly #byArn = new Map<string, Role>();
  readonly policies = new Map<string, ManagedPolicy>();

  add(role: Role): void {
    // Names that differ in case only are the same.
    if (this.#roles.has(role.name.toLowerCase())) {
      throw new AwsError('EntityAlreadyExists', `Role with name ${role.name} already exists.`, 409);
    }
    this.#roles.set(role.name.toLowerCase(), role);
    this.#byArn.set(role.arn, role);
  }

  remove(role: Role): void {
    this.#roles.delete(role.name.toLowerCase());
    this.#byArn.delete(role.arn);
  }

  /** Throws AwsError NoSuchEntity. */
  role(name: string): Role {
    const role = this.#roles.get(name.toLowerCase());
    if (!role) throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role;
  }

  roleByArn(arn: string): Role | undefined {
    return this.#byArn.get(arn);
  }

  roles(): Iterable<Role> {
    return this.#roles.values();
  }

  save() {
    return { roles: [...this.#roles.values()], policies: [...this.policies.values()] };
  }

  load({ roles, policies }: ReturnType<RoleStore['save']>): void {
    for (const role of roles) this.add(role);
    for (const policy of policies) this.policies.set(policy.arn, policy);
  }

  /** Throws AwsError NoSuchEntity. */
  policy(arn: string): ManagedPolicy {
    const policy = this.policies.get(arn);
    if (!policy) throw new AwsError('NoSuchEntity', `Policy ${arn} was not found.`, 404);
    return policy;
  }
}
