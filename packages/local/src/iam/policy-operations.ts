import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { checkName, checkPath, limitExceeded, managedPolicySize, policySize, versionsPerPolicy } from './limits.ts';
import { type PolicyText, readPolicy } from './policy-document.ts';
import type { ManagedPolicy, RoleStore } from './role-store.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's input shapes, see Operation
type Input = any;

/** The operations on customer managed policies. */
export function policyOperations(deps: Deps, store: RoleStore): Record<string, Operation> {
  const { account, clock, ids } = deps;
  const policyArn = (name: string, path: string) =>
    `arn:${account.partition}:iam::${account.accountId}:policy${path}${name}`;
  const operation = (action: string, run: (input: Input) => unknown): Record<string, Operation> => ({
    [action]: {
      permissions: (input) => [
        { action: `iam:${action}`, resource: input.PolicyArn ?? policyArn(input.PolicyName, input.Path ?? '/') },
      ],
      run,
    },
  });
  const attachments = (policy: ManagedPolicy) =>
    [...store.roles()].filter((role) => role.attached.has(policy.arn)).length;
  const describe = (policy: ManagedPolicy) => ({
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachments(policy),
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: policy.created,
    UpdateDate: policy.updated,
  });
  const describeVersion = (policy: ManagedPolicy, id: string) => ({
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersion,
    CreateDate: policy.versions.get(id)?.created,
  });

  return {
    ...operation('CreatePolicy', (input) => {
      const name = checkName('policyName', input.PolicyName, 128);
      const path = checkPath(input.Path);
      const arn = policyArn(name, path);
      if ([...store.policies.values()].some((policy) => policy.name.toLowerCase() === name.toLowerCase())) {
        throw new AwsError(
          'EntityAlreadyExists',
          `A policy called ${name} already exists. Duplicate names are not allowed.`,
          409,
        );
      }
      const now = new Date(clock.now());
      const policy: ManagedPolicy = {
        name,
        path,
        id: `ANPA${ids.hex(17).toUpperCase()}`,
        arn,
        created: now,
        updated: now,
        description: input.Description,
        defaultVersion: 'v1',
        nextVersion: 2,
        versions: new Map([['v1', { ...document(input.PolicyDocument), created: now }]]),
      };
      store.policies.set(arn, policy);
      return { Policy: describe(policy) };
    }),
    ...operation('GetPolicy', (input) => ({ Policy: describe(store.policy(input.PolicyArn)) })),
    ...operation('CreatePolicyVersion', (input) => {
      const policy = store.policy(input.PolicyArn);
      const text = document(input.PolicyDocument);
      if (policy.versions.size >= versionsPerPolicy) {
        throw limitExceeded(
          'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
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
    }),
    ...operation('ListPolicyVersions', (input) => {
      const policy = store.policy(input.PolicyArn);
      return {
        Versions: [...policy.versions.keys()].reverse().map((id) => describeVersion(policy, id)),
        IsTruncated: false,
      };
    }),
    ...operation('DeletePolicyVersion', (input) => {
      const policy = store.policy(input.PolicyArn);
      if (!policy.versions.has(input.VersionId)) {
        throw new AwsError(
          'NoSuchEntity',
          `Policy ${policy.arn} version ${input.VersionId} does not exist or is not attachable.`,
          404,
        );
      }
      if (input.VersionId === policy.defaultVersion) {
        throw new AwsError('DeleteConflict', 'Cannot delete the default version of a policy.', 409);
      }
      policy.versions.delete(input.VersionId);
      return {};
    }),
    ...operation('DeletePolicy', (input) => {
      const policy = store.policy(input.PolicyArn);
      if (attachments(policy) > 0) {
        throw new AwsError('DeleteConflict', 'Cannot delete a policy attached to entities.', 409);
      }
      if (policy.versions.size > 1) {
        throw new AwsError(
          'DeleteConflict',
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
          409,
        );
      }
      store.policies.delete(policy.arn);
      return {};
    }),
  };
}

function document(text: unknown): PolicyText {
  const policy = readPolicy(text, 'identity');
  if (policySize(policy.text) > managedPolicySize)
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${managedPolicySize}`);
  return policy;
}
