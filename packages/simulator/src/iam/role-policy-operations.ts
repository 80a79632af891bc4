import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import type { AttachedPolicyInput, IamPageInput, InlinePolicyInput, PutRolePolicyInput, RoleInput } from './inputs.ts';
import {
  checkIamName,
  iamPage,
  limitExceeded,
  MAX_INLINE_POLICY_SIZE,
  MAX_POLICIES_PER_ROLE,
  MAX_POLICY_NAME_LENGTH,
  policySize,
} from './limits.ts';
import { isAwsManaged } from './managed-policies.ts';
import { type PolicyText, readPolicy } from './policy-document.ts';
import { onRole } from './role-operations.ts';
import type { Role, RoleStore } from './role-store.ts';

/** The operations on a role's inline and attached policies. */
export function rolePolicyOperations(deps: Deps, store: RoleStore): Record<string, Operation> {
  return onRole(deps, store, {
    PutRolePolicy: (input: PutRolePolicyInput) => putRolePolicy(store, input),
    GetRolePolicy: ({ RoleName, PolicyName }: InlinePolicyInput) => {
      const role = store.role(RoleName);
      const PolicyDocument = encodeURIComponent(inlinePolicy(role, PolicyName).text);
      return { RoleName: role.name, PolicyName, PolicyDocument };
    },
    DeleteRolePolicy: ({ RoleName, PolicyName }: InlinePolicyInput) => {
      const role = store.role(RoleName);
      inlinePolicy(role, PolicyName);
      role.inline.delete(PolicyName);
      return {};
    },
    ListRolePolicies: (input: RoleInput & IamPageInput) => {
      const { items, ...page } = iamPage([...store.role(input.RoleName).inline.keys()].sort(), input);
      return { PolicyNames: items, ...page };
    },
    AttachRolePolicy: (input: AttachedPolicyInput) => attachRolePolicy(store, input),
    DetachRolePolicy: ({ RoleName, PolicyArn }: AttachedPolicyInput) => {
      if (!store.role(RoleName).attached.delete(PolicyArn)) {
        throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} was not found.`, 404);
      }
      return {};
    },
    ListAttachedRolePolicies: (input: RoleInput & IamPageInput) => {
      const { PathPrefix = '/' } = input;
      const { attached } = store.role(input.RoleName);
      const found = [...attached].filter((arn) => arn.slice(arn.indexOf(':policy/') + 7).startsWith(PathPrefix));
      const { items, ...page } = iamPage(found, input);
      const AttachedPolicies = items.map((PolicyArn) => ({
        PolicyName: PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1),
        PolicyArn,
      }));
      return { AttachedPolicies, ...page };
    },
  });
}

function putRolePolicy(store: RoleStore, { RoleName, PolicyName, PolicyDocument }: PutRolePolicyInput) {
  const role = store.role(RoleName);
  const name = checkIamName('policyName', PolicyName, MAX_POLICY_NAME_LENGTH);
  const policy = readPolicy(PolicyDocument, 'identity');
  let size = policySize(policy.text);
  for (const [other, { text }] of role.inline) if (other !== name) size += policySize(text);
  if (size > MAX_INLINE_POLICY_SIZE) {
    throw limitExceeded(`Maximum policy size of ${MAX_INLINE_POLICY_SIZE} bytes exceeded for role ${role.name}`);
  }
  role.inline.set(name, policy);
  return {};
}

function attachRolePolicy(store: RoleStore, { RoleName, PolicyArn }: AttachedPolicyInput) {
  const role = store.role(RoleName);
  if (!isAwsManaged(PolicyArn) && !store.policies.has(PolicyArn)) {
    throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} does not exist or is not attachable.`, 404);
  }
  if (!role.attached.has(PolicyArn) && role.attached.size >= MAX_POLICIES_PER_ROLE) {
    throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${MAX_POLICIES_PER_ROLE}`);
  }
  role.attached.add(PolicyArn);
  return {};
}

function inlinePolicy(role: Role, name: string): PolicyText {
  const policy = role.inline.get(name);
  if (!policy) throw new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
  return policy;
}
