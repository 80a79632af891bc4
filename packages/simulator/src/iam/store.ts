import type { IAM, Policy as IamPolicy, Role as IamRole } from '@aws-sdk/client-iam';
import type { Account } from '../core/account.ts';
import { operationsOf } from '../core/operations.ts';
import { noSuchEntity } from './errors.ts';
import { awsManagedPolicy, isAwsManaged } from './managed-policies.ts';
import type { PolicyText, Statement } from './policy-document.ts';

/** A role as it is described, and its policies. */
export interface Role extends Omit<IamRole, 'AssumeRolePolicyDocument' | 'Tags'> {
  trust: PolicyText;
  inline: Map<string, PolicyText>;
  /** ARNs of managed policies. */
  readonly attached: Set<string>;
  readonly tags: Map<string, string>;
}

/** A customer managed policy as it is described, and its versions. */
export interface ManagedPolicy extends Omit<IamPolicy, 'AttachmentCount' | 'Tags'> {
  readonly versions: Map<string, PolicyText & { readonly VersionId: string; readonly CreateDate: Date }>;
  nextVersion: number;
}

/** All roles and policies of the account. */
export class IamStore {
  /** By name in lower case: names that differ in case only are the same. */
  readonly roles = new Map<string, Role>();
  /** By ARN. */
  readonly policies = new Map<string, ManagedPolicy>();
  /** By ARN of a queue, bucket, key, function or package group. */
  readonly resourcePolicies = new Map<string, readonly Statement[]>();
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  /** `resource` is for example `role/r`. */
  arnOf(resource: string): string {
    return `arn:${this.#account.partition}:iam::${this.#account.accountId}:${resource}`;
  }

  /** Throws AwsError NoSuchEntity. */
  role(name = ''): Role {
    const role = this.roles.get(name.toLowerCase());
    if (!role) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return role;
  }

  roleByArn(arn: string): Role | undefined {
    const role = this.roles.get(arn.slice(arn.lastIndexOf('/') + 1).toLowerCase());
    return role?.Arn === arn ? role : undefined;
  }

  /** Throws AwsError NoSuchEntity. */
  policy(arn = ''): ManagedPolicy {
    const policy = this.policies.get(arn);
    if (!policy) throw noSuchEntity(`Policy ${arn} was not found.`);
    return policy;
  }

  /** The statements of all policies of a role. */
  statementsOf({ inline, attached }: Role): Statement[] {
    const managed = (arn: string) => {
      if (isAwsManaged(arn)) return awsManagedPolicy(arn);
      const { versions, DefaultVersionId = '' } = this.policy(arn);
      return versions.get(DefaultVersionId)?.statements ?? [];
    };
    return [...[...inline.values()].flatMap(({ statements }) => statements), ...[...attached].flatMap(managed)];
  }

  /** Operations that need permission on the role or policy that their input names. */
  operations(runs: Parameters<ReturnType<typeof operationsOf<IAM>>>[2]) {
    return operationsOf<IAM>()(
      'iam',
      ({ RoleName, PolicyArn, PolicyName, Path = '/' }) => {
        if (RoleName !== undefined)
          return this.roles.get(RoleName.toLowerCase())?.Arn ?? this.arnOf(`role${Path}${RoleName}`);
        return PolicyArn ?? (PolicyName === undefined ? '*' : this.arnOf(`policy${Path}${PolicyName}`));
      },
      runs,
    );
  }
}
