import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import type {
  CreatePolicyInput,
  CreatePolicyVersionInput,
  IamPageInput,
  ListPoliciesInput,
  ManagedPolicyInput,
  PolicyVersionInput,
} from './inputs.ts';
import {
  checkIamName,
  checkPath,
  iamPage,
  limitExceeded,
  MAX_MANAGED_POLICY_SIZE,
  MAX_POLICY_NAME_LENGTH,
  MAX_VERSIONS_PER_POLICY,
  policySize,
} from './limits.ts';
import { type PolicyText, readPolicy } from './policy-document.ts';
import type { ManagedPolicy, RoleStore } from './role-store.ts';

/** The operations on customer managed policies and their versions. */
export function managedPolicyOperations(deps: Deps, store: RoleStore): Record<string, Operation> {
  const resourceOf = ({ PolicyArn, PolicyName, Path = '/' }: Partial<ManagedPolicyInput & CreatePolicyInput>) =>
    PolicyArn ?? (PolicyName === undefined ? '*' : policyArn(deps, Path, PolicyName));
  return permitted('iam', resourceOf, {
    CreatePolicy: (input: CreatePolicyInput) => createPolicy(deps, store, input),
    ListPolicies(input: ListPoliciesInput) {
      const { PathPrefix = '/', OnlyAttached = false, Scope = 'All' } = input;
      // The policies that AWS owns are known by their ARN only.
      const found = [...store.policies.values()].filter(
        (policy) =>
          Scope !== 'AWS' &&
          policy.path.startsWith(PathPrefix) &&
          (!OnlyAttached || attachmentCount(store, policy) > 0),
      );
      const { items, ...page } = iamPage(found, input);
      return { Policies: items.map((policy) => describePolicy(store, policy)), ...page };
    },
    GetPolicy: ({ PolicyArn }: ManagedPolicyInput) => ({
      Policy: describePolicy(store, store.policy(PolicyArn)),
    }),
    GetPolicyVersion: ({ PolicyArn, VersionId }: PolicyVersionInput) => {
      const policy = store.policy(PolicyArn);
      const Document = encodeURIComponent(existingVersion(policy, VersionId).text);
      return { PolicyVersion: { ...describeVersion(policy, VersionId), Document } };
    },
    DeletePolicy: (input: ManagedPolicyInput) => deletePolicy(store, input),
    CreatePolicyVersion: (input: CreatePolicyVersionInput) => createPolicyVersion(deps, store, input),
    ListPolicyVersions: (input: ManagedPolicyInput & IamPageInput) => {
      const policy = store.policy(input.PolicyArn);
      const { items, ...page } = iamPage([...policy.versions.keys()].reverse(), input);
      return { Versions: items.map((id) => describeVersion(policy, id)), ...page };
    },
    DeletePolicyVersion: ({ PolicyArn, VersionId }: PolicyVersionInput) => {
      const policy = store.policy(PolicyArn);
      existingVersion(policy, VersionId);
      if (VersionId === policy.defaultVersion) {
        throw new AwsError('DeleteConflict', 'Cannot delete the default version of a policy.', 409);
      }
      policy.versions.delete(VersionId);
      return {};
    },
  });
}

function policyArn({ account }: Deps, path: string, name: string): string {
  return `arn:${account.partition}:iam::${account.accountId}:policy${path}${name}`;
}

function createPolicy(deps: Deps, store: RoleStore, input: CreatePolicyInput) {
  const name = checkIamName('policyName', input.PolicyName, MAX_POLICY_NAME_LENGTH);
  const path = checkPath(input.Path);
  if ([...store.policies.values()].some((policy) => policy.name.toLowerCase() === name.toLowerCase())) {
    const message = `A policy called ${name} already exists. Duplicate names are not allowed.`;
    throw new AwsError('EntityAlreadyExists', message, 409);
  }
  const now = new Date(deps.clock.now());
  const policy: ManagedPolicy = {
    name,
    path,
    id: `ANPA${deps.ids.hex(17).toUpperCase()}`,
    arn: policyArn(deps, path, name),
    created: now,
    updated: now,
    description: input.Description,
    defaultVersion: 'v1',
    nextVersion: 2,
    versions: new Map([['v1', { ...readManagedPolicy(input.PolicyDocument), created: now }]]),
  };
  store.policies.set(policy.arn, policy);
  return { Policy: describePolicy(store, policy) };
}

function createPolicyVersion({ clock }: Deps, store: RoleStore, input: CreatePolicyVersionInput) {
  const policy = store.policy(input.PolicyArn);
  const text = readManagedPolicy(input.PolicyDocument);
  if (policy.versions.size >= MAX_VERSIONS_PER_POLICY) {
    throw limitExceeded(
      `A managed policy can have up to ${MAX_VERSIONS_PER_POLICY} versions. ` +
        'Before you create a new version, you must delete an existing version.',
    );
  }
  const id = `v${policy.nextVersion++}`;
  const now = new Date(clock.now());
  policy.versions.set(id, { ...text, created: now });
  if (input.SetAsDefault === true) {
    policy.defaultVersion = id;
    policy.updated = now;
  }
  return { PolicyVersion: describeVersion(policy, id) };
}

function deletePolicy(store: RoleStore, { PolicyArn }: ManagedPolicyInput) {
  const policy = store.policy(PolicyArn);
  if (attachmentCount(store, policy) > 0) {
    throw new AwsError('DeleteConflict', 'Cannot delete a policy attached to entities.', 409);
  }
  if (policy.versions.size > 1) {
    throw new AwsError(
      'DeleteConflict',
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
        'The default version is deleted with the policy.',
      409,
    );
  }
  store.policies.delete(policy.arn);
  return {};
}

function attachmentCount(store: RoleStore, policy: ManagedPolicy): number {
  return [...store.roles()].filter((role) => role.attached.has(policy.arn)).length;
}

function describePolicy(store: RoleStore, policy: ManagedPolicy) {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachmentCount(store, policy),
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: policy.created,
    UpdateDate: policy.updated,
  };
}

function existingVersion(policy: ManagedPolicy, id: string): PolicyText {
  const version = policy.versions.get(id);
  if (version) return version;
  throw new AwsError('NoSuchEntity', `Policy ${policy.arn} version ${id} does not exist or is not attachable.`, 404);
}

function describeVersion(policy: ManagedPolicy, id: string) {
  return {
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersion,
    CreateDate: policy.versions.get(id)?.created,
  };
}

function readManagedPolicy(text: string | undefined): PolicyText {
  const policy = readPolicy(text, 'identity');
  if (policySize(policy.text) > MAX_MANAGED_POLICY_SIZE) {
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${MAX_MANAGED_POLICY_SIZE}`);
  }
  return policy;
}
