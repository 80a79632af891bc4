import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation, Permission } from '../core/cloud.ts';
import {
  checkName,
  checkPath,
  inlinePolicySize,
  limitExceeded,
  policiesPerRole,
  policySize,
  trustPolicySize,
} from './limits.ts';
import { awsManagedPolicy, isAwsManaged } from './managed-policies.ts';
import { type PolicyText, readPolicy } from './policy-document.ts';
import type { Role, RoleStore, Tag } from './role-store.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's input shapes, see Operation
type Input = any;

/** The operations on roles: their trust, inline and attached policies. */
export function roleOperations(deps: Deps, store: RoleStore): Record<string, Operation> {
  const { account, clock, ids } = deps;
  const roleArn = (name: string, path = '/') => `arn:${account.partition}:iam::${account.accountId}:role${path}${name}`;
  const ask =
    (action: string) =>
    (input: Input): Permission[] => {
      let known: Role | undefined;
      for (const role of store.roles()) if (role.name === input.RoleName) known = role;
      return [{ action: `iam:${action}`, resource: known?.arn ?? roleArn(input.RoleName, input.Path) }];
    };
  const operation = (action: string, run: (input: Input) => unknown): Record<string, Operation> => ({
    [action]: { permissions: ask(action), run },
  });

  return {
    ...operation('CreateRole', (input) => {
      const name = checkName('roleName', input.RoleName, 64);
      const path = checkPath(input.Path);
      const role: Role = {
        name,
        path,
        id: `AROA${ids.hex(17).toUpperCase()}`,
        arn: roleArn(name, path),
        created: new Date(clock.now()),
        description: input.Description,
        maxSessionDuration: input.MaxSessionDuration ?? 3600,
        trust: trustPolicy(input.AssumeRolePolicyDocument),
        inline: new Map(),
        attached: new Set(),
        tags: new Map(),
      };
      tag(role, input.Tags);
      store.add(role);
      return { Role: describe(role) };
    }),
    ...operation('GetRole', (input) => ({ Role: describe(store.role(input.RoleName)) })),
    ...operation('DeleteRole', (input) => {
      const role = store.role(input.RoleName);
      if (role.attached.size > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.');
      if (role.inline.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      store.remove(role);
      return {};
    }),
    ...operation('UpdateAssumeRolePolicy', (input) => {
      store.role(input.RoleName).trust = trustPolicy(input.PolicyDocument);
      return {};
    }),
    ...operation('TagRole', (input) => {
      tag(store.role(input.RoleName), input.Tags);
      return {};
    }),

    ...operation('PutRolePolicy', (input) => {
      const role = store.role(input.RoleName);
      const name = checkName('policyName', input.PolicyName, 128);
      const policy = readPolicy(input.PolicyDocument, 'identity');
      let size = policySize(policy.text);
      for (const [other, { text }] of role.inline) if (other !== name) size += policySize(text);
      if (size > inlinePolicySize) {
        throw limitExceeded(`Maximum policy size of ${inlinePolicySize} bytes exceeded for role ${role.name}`);
      }
      role.inline.set(name, policy);
      return {};
    }),
    ...operation('GetRolePolicy', (input) => {
      const role = store.role(input.RoleName);
      const policy = inlinePolicy(role, input.PolicyName);
      return { RoleName: role.name, PolicyName: input.PolicyName, PolicyDocument: encodeURIComponent(policy.text) };
    }),
    ...operation('DeleteRolePolicy', (input) => {
      const role = store.role(input.RoleName);
      inlinePolicy(role, input.PolicyName);
      role.inline.delete(input.PolicyName);
      return {};
    }),
    ...operation('ListRolePolicies', (input) => ({
      PolicyNames: [...store.role(input.RoleName).inline.keys()].sort(),
      IsTruncated: false,
    })),

    ...operation('AttachRolePolicy', (input) => {
      const role = store.role(input.RoleName);
      const arn: string = input.PolicyArn;
      if (isAwsManaged(arn)) awsManagedPolicy(arn);
      else if (!store.policies.has(arn)) {
        throw new AwsError('NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`, 404);
      }
      if (!role.attached.has(arn) && role.attached.size >= policiesPerRole) {
        throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${policiesPerRole}`);
      }
      role.attached.add(arn);
      return {};
    }),
    ...operation('DetachRolePolicy', (input) => {
      if (!store.role(input.RoleName).attached.delete(input.PolicyArn)) {
        throw new AwsError('NoSuchEntity', `Policy ${input.PolicyArn} was not found.`, 404);
      }
      return {};
    }),
    ...operation('ListAttachedRolePolicies', (input) => ({
      AttachedPolicies: [...store.role(input.RoleName).attached].map((arn) => ({
        PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
        PolicyArn: arn,
      })),
      IsTruncated: false,
    })),
  };
}

function trustPolicy(text: unknown): PolicyText {
  const policy = readPolicy(text, 'trust');
  if (policySize(policy.text) > trustPolicySize) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${trustPolicySize}`);
  }
  return policy;
}

function inlinePolicy(role: Role, name: string): PolicyText {
  const policy = role.inline.get(name);
  if (!policy) throw new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
  return policy;
}

function tag(role: Role, tags: readonly Tag[] | undefined): void {
  for (const { Key, Value } of tags ?? []) role.tags.set(Key, Value);
}

function describe(role: Role) {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: role.created,
    AssumeRolePolicyDocument: encodeURIComponent(role.trust.text),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
    Tags: [...role.tags].map(([Key, Value]) => ({ Key, Value })),
  };
}

function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflict', message, 409);
}
