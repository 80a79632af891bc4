import type { Deps } from '../core/cloud.ts';
import { deleteConflict, entityExists, limitExceeded, noSuchEntity } from './errors.ts';
import { checkIamName, checkPath, iamPage, MAX_VERSIONS_PER_POLICY, readLimitedPolicy } from './limits.ts';
import type { IamStore, ManagedPolicy } from './store.ts';

/** The operations on customer managed policies. */
export function managedPolicyOperations({ clock, ids }: Deps, store: IamStore) {
  const describe = ({ versions: _v, nextVersion: _n, Description: _d, ...described }: ManagedPolicy) => ({
    ...described,
    AttachmentCount: attachmentCount(store, described.Arn),
  });
  return store.operations({
    CreatePolicy({ PolicyName, Path = '/', Description, PolicyDocument }) {
      const name = checkIamName('policyName', PolicyName, 128);
      if ([...store.policies.values()].some((policy) => policy.PolicyName?.toLowerCase() === name.toLowerCase())) {
        throw entityExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
      }
      const CreateDate = new Date(clock.now());
      const first = { VersionId: 'v1', CreateDate, ...readLimitedPolicy(PolicyDocument, 'managed') };
      const Arn = store.arnOf(`policy${checkPath(Path)}${name}`);
      const policy: ManagedPolicy = {
        PolicyName: name,
        PolicyId: `ANPA${ids.hex(17).toUpperCase()}`,
        Arn,
        Path,
        DefaultVersionId: first.VersionId,
        PermissionsBoundaryUsageCount: 0,
        IsAttachable: true,
        Description,
        CreateDate,
        UpdateDate: CreateDate,
        versions: new Map([[first.VersionId, first]]),
        nextVersion: 2,
      };
      store.policies.set(Arn, policy);
      return { Policy: describe(policy) };
    },
    GetPolicy({ PolicyArn }) {
      const policy = store.policy(PolicyArn);
      return { Policy: { ...describe(policy), Description: policy.Description, Tags: [] } };
    },
    ListPolicies({ PathPrefix = '/', OnlyAttached = false, Scope, ...input }) {
      // The policies that AWS owns are known by their ARN only.
      const own = Scope === 'AWS' ? [] : [...store.policies.values()];
      const found = own.filter(({ Path }) => Path?.startsWith(PathPrefix)).map(describe);
      const listed = found.filter(({ AttachmentCount }) => !OnlyAttached || AttachmentCount > 0);
      return iamPage('Policies', listed, input);
    },
    DeletePolicy({ PolicyArn = '' }) {
      const { versions } = store.policy(PolicyArn);
      if (attachmentCount(store, PolicyArn) > 0) throw deleteConflict('Cannot delete a policy attached to entities.');
      if (versions.size > 1) {
        throw deleteConflict(
          'This policy has more than one version. Before you delete a policy, you must delete the ' +
            "policy's versions. The default version is deleted with the policy.",
        );
      }
      store.policies.delete(PolicyArn);
    },
  });
}

/** The operations on the versions of customer managed policies. */
export function policyVersionOperations({ clock }: Deps, store: IamStore) {
  return store.operations({
    CreatePolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault = false }) {
      const policy = store.policy(PolicyArn);
      const text = readLimitedPolicy(PolicyDocument, 'managed');
      if (policy.versions.size >= MAX_VERSIONS_PER_POLICY) {
        throw limitExceeded(
          `A managed policy can have up to ${MAX_VERSIONS_PER_POLICY} versions. ` +
            'Before you create a new version, you must delete an existing version.',
        );
      }
      const version = { VersionId: `v${policy.nextVersion++}`, CreateDate: new Date(clock.now()), ...text };
      policy.versions.set(version.VersionId, version);
      if (SetAsDefault) {
        policy.DefaultVersionId = version.VersionId;
        policy.UpdateDate = version.CreateDate;
      }
      return { PolicyVersion: describeVersion(policy, version.VersionId) };
    },
    GetPolicyVersion({ PolicyArn, VersionId = '' }) {
      const policy = store.policy(PolicyArn);
      const described = describeVersion(policy, VersionId);
      const Document = encodeURIComponent(policy.versions.get(VersionId)?.text ?? '');
      return { PolicyVersion: { ...described, Document } };
    },
    ListPolicyVersions(input) {
      const policy = store.policy(input.PolicyArn);
      const described = [...policy.versions.keys()].reverse().map((id) => describeVersion(policy, id));
      return iamPage('Versions', described, input);
    },
    DeletePolicyVersion({ PolicyArn, VersionId = '' }) {
      const policy = store.policy(PolicyArn);
      const { IsDefaultVersion } = describeVersion(policy, VersionId);
      if (IsDefaultVersion) throw deleteConflict('Cannot delete the default version of a policy.');
      policy.versions.delete(VersionId);
    },
  });
}

function attachmentCount({ roles }: IamStore, policyArn = ''): number {
  return [...roles.values()].filter(({ attached }) => attached.has(policyArn)).length;
}

/** Throws AwsError NoSuchEntity. */
function describeVersion({ Arn, versions, DefaultVersionId }: ManagedPolicy, id = '') {
  const version = versions.get(id);
  if (!version) throw noSuchEntity(`Policy ${Arn} version ${id} does not exist or is not attachable.`);
  return { VersionId: id, IsDefaultVersion: id === DefaultVersionId, CreateDate: version.CreateDate };
}
