import type { CreatePolicyResponse, CreateRoleResponse, ListPolicyVersionsResponse } from '@aws-sdk/client-iam';
import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { apiType, jsonText, nameIn, partType, putParts, without } from './api-type.ts';

interface InlinePolicy {
  readonly PolicyName: string;
  readonly PolicyDocument: unknown;
}

type RoleProperties = Properties & {
  readonly Policies?: readonly InlinePolicy[];
  readonly ManagedPolicyArns?: readonly string[];
  readonly AssumeRolePolicyDocument?: unknown;
};

type PolicyProperties = Properties & Partial<InlinePolicy> & { readonly Roles?: readonly string[] };

/** Users and groups are not simulated. */
const ofOthers = (policy: Properties) => ['Groups', 'Users'].filter((name) => policy[name] !== undefined);

/** Roles with their inline and attached policies, and policies. Users and groups are not simulated. */
export const iamTypes: Readonly<Record<string, Provider>> = {
  'AWS::IAM::Role': apiType<RoleProperties, CreateRoleResponse>({
    api: { service: 'iam', create: 'CreateRole', remove: 'DeleteRole' },
    name: { property: 'RoleName', maxLength: 64 },
    replacing: ['RoleName', 'Path'],
    tags: 'list',
    input: (properties) => ({
      ...without(properties, 'Policies', 'ManagedPolicyArns'),
      AssumeRolePolicyDocument: jsonText(properties.AssumeRolePolicyDocument),
    }),
    handle: (RoleName, { Role }) => ({ physicalId: RoleName, attributes: { Arn: Role?.Arn, RoleId: Role?.RoleId } }),
    async update(RoleName, { AssumeRolePolicyDocument, Description, MaxSessionDuration }, old, context) {
      const PolicyDocument = jsonText(AssumeRolePolicyDocument);
      await context.call('iam', 'UpdateAssumeRolePolicy', { RoleName, PolicyDocument });
      if (Description === old.Description && MaxSessionDuration === old.MaxSessionDuration) return;
      await context.call('iam', 'UpdateRole', { RoleName, Description, MaxSessionDuration });
    },
    async parts(RoleName, now, old, context) {
      await putParts({
        now: now.Policies,
        old: old.Policies,
        key: ({ PolicyName }) => PolicyName,
        put: ({ PolicyName, PolicyDocument }) =>
          context.call('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument: jsonText(PolicyDocument) }),
        remove: ({ PolicyName }) => context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }),
      });
      await putParts({
        now: now.ManagedPolicyArns,
        old: old.ManagedPolicyArns,
        put: (PolicyArn) => context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn }),
        remove: (PolicyArn) => context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }),
      });
    },
    removesParts: true,
  }),

  // One inline policy in several roles.
  'AWS::IAM::Policy': partType<PolicyProperties>(
    [],
    (now, old, context) => {
      const places = ({ Roles = [], PolicyName }: Partial<PolicyProperties>) =>
        Roles.map((RoleName) => ({ RoleName, PolicyName }));
      return putParts({
        now: places(now),
        old: places(old),
        key: ({ RoleName, PolicyName }) => `${RoleName} ${PolicyName}`,
        put: (place) =>
          context.call('iam', 'PutRolePolicy', { ...place, PolicyDocument: jsonText(now.PolicyDocument) }),
        remove: (place) => context.call('iam', 'DeleteRolePolicy', place),
      });
    },
    ofOthers,
  ),

  'AWS::IAM::ManagedPolicy': apiType<PolicyProperties, CreatePolicyResponse>({
    api: { service: 'iam', create: 'CreatePolicy', remove: 'DeletePolicy' },
    name: { property: 'ManagedPolicyName', maxLength: 128, member: 'PolicyName', id: 'PolicyArn' },
    replacing: ['ManagedPolicyName', 'Path', 'Description'],
    recordedParts: ofOthers,
    input: ({ PolicyDocument, Path, Description }) => ({ PolicyDocument: jsonText(PolicyDocument), Path, Description }),
    handle: (_name, { Policy: { Arn: PolicyArn = '', PolicyId } = {} }) => ({
      physicalId: PolicyArn,
      attributes: { PolicyArn, PolicyId },
    }),
    async update(PolicyArn, { PolicyDocument }, _old, context) {
      // A policy has at most five versions, so those before the current one are deleted first.
      await deleteOldVersions(PolicyArn, context);
      const version = { PolicyArn, PolicyDocument: jsonText(PolicyDocument), SetAsDefault: true };
      await context.call('iam', 'CreatePolicyVersion', version);
    },
    async parts(PolicyArn, now, old, context) {
      await putParts({
        now: now.Roles?.map(nameIn),
        old: old.Roles?.map(nameIn),
        put: (RoleName) => context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn }),
        remove: (RoleName) => context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }),
      });
      if (now.PolicyDocument === undefined) await deleteOldVersions(PolicyArn, context);
    },
    removesParts: true,
  }),
};

async function deleteOldVersions(PolicyArn: string, context: ProviderContext): Promise<void> {
  const { Versions = [] } = await context.call<ListPolicyVersionsResponse>('iam', 'ListPolicyVersions', { PolicyArn });
  for (const { VersionId, IsDefaultVersion } of Versions) {
    if (!IsDefaultVersion) await context.call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId });
  }
}
