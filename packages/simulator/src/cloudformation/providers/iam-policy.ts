import type { Provider, ProviderContext } from '../provider.ts';
import { ignoreMissing, jsonText, recordWith } from './calls.ts';

type PolicyProperties = {
  readonly PolicyName: string;
  readonly PolicyDocument: unknown;
  readonly Roles?: readonly string[];
  readonly Users?: readonly string[];
  readonly Groups?: readonly string[];
};

/** AWS::IAM::Policy: one inline policy in several roles, users or groups. Users and groups are not simulated. */
export const iamPolicy: Provider<PolicyProperties> = {
  replacing: [],
  async create(properties, context) {
    await putPolicies(properties, context);
    return { physicalId: context.name({ maxLength: 128 }), attributes: {} };
  },
  async update(handle, properties, old, context) {
    await putPolicies(properties, context);
    const kept = new Set(holders(properties).map((holder) => `${holder.operation} ${holder.name}`));
    const isSameName = properties.PolicyName === old.PolicyName;
    for (const holder of holders(old)) {
      if (!isSameName || !kept.has(`${holder.operation} ${holder.name}`)) await remove(holder, old, context);
    }
    return handle;
  },
  async delete(_handle, properties, context) {
    for (const holder of holders(properties)) await remove(holder, properties, context);
  },
};

/** An identity that has the policy. */
interface Holder {
  /** The end of the operations' names, e.g. `RolePolicy`. */
  readonly operation: string;
  readonly member: string;
  readonly name: string;
}

function holders(properties: PolicyProperties): Holder[] {
  return (['Role', 'User', 'Group'] as const).flatMap((kind) =>
    (properties[`${kind}s`] ?? []).map((name) => ({
      operation: `${kind}Policy`,
      member: `${kind}Name`,
      name,
    })),
  );
}

async function putPolicies(properties: PolicyProperties, context: ProviderContext): Promise<void> {
  for (const { operation, member, name } of holders(properties)) {
    await recordWith(context, 'iam', `Put${operation}`, {
      [member]: name,
      PolicyName: properties.PolicyName,
      PolicyDocument: jsonText(properties.PolicyDocument),
    });
  }
}

const remove = ({ operation, member, name }: Holder, { PolicyName }: PolicyProperties, context: ProviderContext) =>
  ignoreMissing(recordWith(context, 'iam', `Delete${operation}`, { [member]: name, PolicyName }));
