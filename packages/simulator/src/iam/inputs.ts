import type * as Iam from '@aws-sdk/client-iam';

/** An input that has the members that its model requires: the wire refuses others. */
type Given<T> = { readonly [K in keyof T]: Pick<T, K> extends Required<Pick<T, K>> ? NonNullable<T[K]> : T[K] };

export type RoleInput = Given<Pick<Iam.CreateRoleRequest, 'RoleName' | 'Path'>>;
export type CreateRoleInput = Given<Iam.CreateRoleRequest>;
export type UpdateAssumeRolePolicyInput = Given<Iam.UpdateAssumeRolePolicyRequest>;
export type TagRoleInput = Given<Iam.TagRoleRequest>;
export type UntagRoleInput = Given<Iam.UntagRoleRequest>;
export type UpdateRoleInput = Given<Iam.UpdateRoleRequest>;
export type InlinePolicyInput = Given<Iam.GetRolePolicyRequest>;
export type PutRolePolicyInput = Given<Iam.PutRolePolicyRequest>;
export type AttachedPolicyInput = Given<Iam.AttachRolePolicyRequest>;
export type CreatePolicyInput = Given<Iam.CreatePolicyRequest>;
export type ManagedPolicyInput = Given<Iam.GetPolicyRequest>;
export type CreatePolicyVersionInput = Given<Iam.CreatePolicyVersionRequest>;
export type PolicyVersionInput = Given<Iam.GetPolicyVersionRequest>;
export type ListPoliciesInput = Given<Iam.ListPoliciesRequest>;
/** What the input of a list asks for. */
export type IamPageInput = Pick<Iam.ListRolesRequest, 'MaxItems' | 'Marker' | 'PathPrefix'>;
