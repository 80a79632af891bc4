import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { ifThere, jsonText, nameOf } from './calls.ts';

/** AWS::IAM::ManagedPolicy, attached to roles. */
export const iamManagedPolicy: Provider = {
  replacing: ['ManagedPolicyName', 'Path', 'Description'],
  nameProperty: 'ManagedPolicyName',
  async create(properties, context) {
    const { Policy } = await context.call('iam', 'CreatePolicy', {
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
    // A policy keeps five versions: the ones before the current are given up first.
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
  const { Versions } = await context.call('iam', 'ListPolicyVersions', { PolicyArn });
  for (const { VersionId, IsDefaultVersion } of Versions) {
    if (!IsDefaultVersion) await context.call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId });
  }
}

async function attach(PolicyArn: string, now: Properties, old: Properties, context: ProviderContext): Promise<void> {
  const roles = new Set(((now.Roles ?? []) as string[]).map(nameOf));
  for (const RoleName of roles) await context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn });
  for (const RoleName of ((old.Roles ?? []) as string[]).map(nameOf)) {
    if (!roles.has(RoleName)) await ifThere(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }));
  }
}
