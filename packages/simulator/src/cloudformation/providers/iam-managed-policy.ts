import type { Provider, ProviderContext } from '../provider.ts';
import { ignoreMissing, jsonText, nameIn } from './calls.ts';

type ManagedPolicyProperties = AttachedRoles & {
  readonly ManagedPolicyName?: string;
  readonly PolicyDocument: unknown;
  readonly Path?: string;
  readonly Description?: string;
};

/** Output of CreatePolicy. */
interface CreatedPolicy {
  readonly Policy: { readonly Arn: string; readonly PolicyId: string };
}

/** Output of ListPolicyVersions. */
interface PolicyVersions {
  readonly Versions: readonly { readonly VersionId: string; readonly IsDefaultVersion: boolean }[];
}

type AttachedRoles = { readonly Roles?: readonly string[] };

/** AWS::IAM::ManagedPolicy, attached to roles. */
export const iamManagedPolicy: Provider<ManagedPolicyProperties> = {
  replacing: ['ManagedPolicyName', 'Path', 'Description'],
  nameProperty: 'ManagedPolicyName',
  async create(properties, context) {
    const { Policy } = await context.call<CreatedPolicy>('iam', 'CreatePolicy', {
      PolicyName: properties.ManagedPolicyName ?? context.name({ maxLength: 128 }),
      PolicyDocument: jsonText(properties.PolicyDocument),
      Path: properties.Path,
      Description: properties.Description,
    });
    const handle = { physicalId: Policy.Arn, attributes: { PolicyArn: Policy.Arn, PolicyId: Policy.PolicyId } };
    context.identified(handle);
    await attach(Policy.Arn, properties, {}, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    const PolicyArn = handle.physicalId;
    // A policy has at most five versions, so those before the current one are deleted first.
    await deleteOldVersions(PolicyArn, context);
    await context.call('iam', 'CreatePolicyVersion', {
      PolicyArn,
      PolicyDocument: jsonText(properties.PolicyDocument),
      SetAsDefault: true,
    });
    await attach(PolicyArn, properties, old, context);
    return handle;
  },
  async delete({ physicalId }, properties, context) {
    await attach(physicalId, {}, properties, context);
    await deleteOldVersions(physicalId, context);
    await context.call('iam', 'DeletePolicy', { PolicyArn: physicalId });
  },
};

async function deleteOldVersions(PolicyArn: string, context: ProviderContext): Promise<void> {
  const { Versions } = await context.call<PolicyVersions>('iam', 'ListPolicyVersions', { PolicyArn });
  for (const { VersionId, IsDefaultVersion } of Versions) {
    if (!IsDefaultVersion) await context.call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId });
  }
}

async function attach(
  PolicyArn: string,
  now: AttachedRoles,
  old: AttachedRoles,
  context: ProviderContext,
): Promise<void> {
  const roles = new Set((now.Roles ?? []).map(nameIn));
  for (const RoleName of roles) await context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn });
  for (const RoleName of (old.Roles ?? []).map(nameIn)) {
    if (!roles.has(RoleName)) await ignoreMissing(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }));
  }
}
