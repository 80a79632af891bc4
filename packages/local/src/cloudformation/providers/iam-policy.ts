import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { ifThere, jsonText } from './calls.ts';

/** AWS::IAM::Policy: one inline policy in several roles, users or groups. */
export const iamPolicy: Provider = {
  replacing: [],
  async create(properties, context) {
    await put(properties, context);
    return { physicalId: context.name({ maxLength: 128 }), attributes: {} };
  },
  async update(handle, properties, old, context) {
    await put(properties, context);
    const kept = new Set(places(properties).map((place) => `${place.operation} ${place.name}`));
    const isSameName = properties.PolicyName === old.PolicyName;
    for (const place of places(old)) {
      if (!isSameName || !kept.has(`${place.operation} ${place.name}`)) await remove(place, old, context);
    }
    return handle;
  },
  async delete(_handle, properties, context) {
    for (const place of places(properties)) await remove(place, properties, context);
  },
};

interface Place {
  /** Ends an operation's name: `RolePolicy`. */
  readonly operation: string;
  readonly member: string;
  readonly name: string;
}

function places(properties: Properties): Place[] {
  return ['Role', 'User', 'Group'].flatMap((kind) =>
    ((properties[`${kind}s`] ?? []) as string[]).map((name) => ({
      operation: `${kind}Policy`,
      member: `${kind}Name`,
      name,
    })),
  );
}

async function put(properties: Properties, context: ProviderContext): Promise<void> {
  for (const { operation, member, name } of places(properties)) {
    await context.call('iam', `Put${operation}`, {
      [member]: name,
      PolicyName: properties.PolicyName,
      PolicyDocument: jsonText(properties.PolicyDocument),
    });
  }
}

const remove = ({ operation, member, name }: Place, { PolicyName }: Properties, context: ProviderContext) =>
  ifThere(context.call('iam', `Delete${operation}`, { [member]: name, PolicyName }));
