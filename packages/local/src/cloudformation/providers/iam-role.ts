import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { tagChanges } from '../tags.ts';
import { ifThere, jsonText, recordWith, without } from './calls.ts';

interface InlinePolicy {
  readonly PolicyName: string;
  readonly PolicyDocument: unknown;
}

/** AWS::IAM::Role with its inline and attached policies. */
export const iamRole: Provider = {
  replacing: ['RoleName', 'Path'],
  nameProperty: 'RoleName',
  tags: 'list',
  async create(properties, context) {
    const RoleName: string = properties.RoleName ?? context.name({ maxLength: 64 });
    const { Role } = await context.call('iam', 'CreateRole', {
      ...without(properties, 'Policies', 'ManagedPolicyArns'),
      RoleName,
      AssumeRolePolicyDocument: jsonText(properties.AssumeRolePolicyDocument),
    });
    const handle = { physicalId: RoleName, attributes: { Arn: Role.Arn, RoleId: Role.RoleId } };
    context.identified(handle);
    await putPolicies(RoleName, properties, {}, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    const RoleName = handle.physicalId;
    await context.call('iam', 'UpdateAssumeRolePolicy', {
      RoleName,
      PolicyDocument: jsonText(properties.AssumeRolePolicyDocument),
    });
    const { Description, MaxSessionDuration } = properties;
    if (Description !== old.Description || MaxSessionDuration !== old.MaxSessionDuration) {
      await recordWith(context, 'iam', 'UpdateRole', { RoleName, Description, MaxSessionDuration });
    }
    const { set, removed } = tagChanges(old.Tags, properties.Tags);
    if (removed.length > 0) await recordWith(context, 'iam', 'UntagRole', { RoleName, TagKeys: removed });
    if (set.length > 0) await recordWith(context, 'iam', 'TagRole', { RoleName, Tags: set });
    await putPolicies(RoleName, properties, old, context);
    return handle;
  },
  async delete({ physicalId }, properties, context) {
    await putPolicies(physicalId, {}, properties, context);
    await context.call('iam', 'DeleteRole', { RoleName: physicalId });
  },
};

async function putPolicies(RoleName: string, now: Properties, old: Properties, context: ProviderContext) {
  const policies = (now.Policies ?? []) as InlinePolicy[];
  for (const { PolicyName, PolicyDocument } of policies) {
    await context.call('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument: jsonText(PolicyDocument) });
  }
  const names = new Set(policies.map(({ PolicyName }) => PolicyName));
  for (const { PolicyName } of (old.Policies ?? []) as InlinePolicy[]) {
    if (!names.has(PolicyName)) await ifThere(context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }));
  }
  const attached = new Set<string>(now.ManagedPolicyArns ?? []);
  for (const PolicyArn of attached) await context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn });
  for (const PolicyArn of (old.ManagedPolicyArns ?? []) as string[]) {
    if (!attached.has(PolicyArn)) await ifThere(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }));
  }
}
