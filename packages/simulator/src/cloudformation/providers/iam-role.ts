import type { Provider, ProviderContext } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { ignoreMissing, jsonText, recordWith, without } from './calls.ts';
import { updateTags } from './update-tags.ts';

interface InlinePolicy {
  readonly PolicyName: string;
  readonly PolicyDocument: unknown;
}

type RolePolicies = { readonly Policies?: readonly InlinePolicy[]; readonly ManagedPolicyArns?: readonly string[] };

type RoleProperties = TaggedProperties &
  RolePolicies & {
    readonly RoleName?: string;
    readonly AssumeRolePolicyDocument: unknown;
    readonly Description?: string;
    readonly MaxSessionDuration?: number;
  };

/** Output of CreateRole. */
interface CreatedRole {
  readonly Role: { readonly Arn: string; readonly RoleId: string };
}

/** AWS::IAM::Role with its inline and attached policies. */
export const iamRole: Provider<RoleProperties> = {
  replacing: ['RoleName', 'Path'],
  nameProperty: 'RoleName',
  tags: 'list',
  async create(properties, context) {
    const RoleName = properties.RoleName ?? context.name({ maxLength: 64 });
    const { Role } = await context.call<CreatedRole>('iam', 'CreateRole', {
      ...without(properties, 'Policies', 'ManagedPolicyArns'),
      RoleName,
      AssumeRolePolicyDocument: jsonText(properties.AssumeRolePolicyDocument),
    });
    const handle = { physicalId: RoleName, attributes: { Arn: Role.Arn, RoleId: Role.RoleId } };
    context.identified(handle);
    await putRolePolicies(RoleName, properties, {}, context);
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
    await updateTags('iam', { RoleName }, { old: old.Tags, now: properties.Tags }, context);
    await putRolePolicies(RoleName, properties, old, context);
    return handle;
  },
  async delete({ physicalId }, properties, context) {
    await putRolePolicies(physicalId, {}, properties, context);
    await context.call('iam', 'DeleteRole', { RoleName: physicalId });
  },
};

async function putRolePolicies(RoleName: string, now: RolePolicies, old: RolePolicies, context: ProviderContext) {
  const policies = now.Policies ?? [];
  for (const { PolicyName, PolicyDocument } of policies) {
    await context.call('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument: jsonText(PolicyDocument) });
  }
  const names = new Set(policies.map(({ PolicyName }) => PolicyName));
  for (const { PolicyName } of old.Policies ?? []) {
    if (!names.has(PolicyName)) await ignoreMissing(context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }));
  }
  const attached = new Set(now.ManagedPolicyArns ?? []);
  for (const PolicyArn of attached) await context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn });
  for (const PolicyArn of old.ManagedPolicyArns ?? []) {
    if (!attached.has(PolicyArn)) await ignoreMissing(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }));
  }
}
