import type { Tag } from '../core/tags.ts';

/** Inputs of the IAM API, as far as the local runtime reads them. */

export interface RoleInput {
  readonly RoleName: string;
  readonly Path?: string;
}

export interface CreateRoleInput extends RoleInput {
  readonly AssumeRolePolicyDocument?: string;
  readonly Description?: string;
  /** Seconds. */
  readonly MaxSessionDuration?: number;
  readonly Tags?: readonly Tag[];
}

export interface UpdateAssumeRolePolicyInput extends RoleInput {
  readonly PolicyDocument?: string;
}

export interface UpdateRoleInput extends RoleInput {
  readonly Description?: string;
  /** Seconds. */
  readonly MaxSessionDuration?: number;
}

export interface UntagRoleInput extends RoleInput {
  readonly TagKeys: readonly string[];
}

export interface TagRoleInput extends RoleInput {
  readonly Tags?: readonly Tag[];
}

export interface InlinePolicyInput extends RoleInput {
  readonly PolicyName: string;
}

export interface PutRolePolicyInput extends InlinePolicyInput {
  readonly PolicyDocument?: string;
}

export interface AttachedPolicyInput extends RoleInput {
  readonly PolicyArn: string;
}

export interface CreatePolicyInput {
  readonly PolicyName: string;
  readonly Path?: string;
  readonly PolicyDocument?: string;
  readonly Description?: string;
}

export interface ManagedPolicyInput {
  readonly PolicyArn: string;
}

export interface CreatePolicyVersionInput extends ManagedPolicyInput {
  readonly PolicyDocument?: string;
  readonly SetAsDefault?: boolean;
}

export interface PolicyVersionInput extends ManagedPolicyInput {
  readonly VersionId: string;
}

export interface ListPoliciesInput extends IamPageInput {
  readonly Scope?: string;
  readonly OnlyAttached?: boolean;
}

/** What the input of a list asks for. */
export interface IamPageInput {
  readonly MaxItems?: number;
  readonly Marker?: string;
  readonly PathPrefix?: string;
}
