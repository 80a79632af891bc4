import { ResourceFailure } from './failure-reason.ts';
import type { Handle } from './provider.ts';
import type { StackResource } from './stack.ts';

/** What Fn::GetAtt gives: the attribute of that very name, else the nested one (`A.B`). Throws when there is none. */
export function attributeOf(resource: StackResource & { readonly handle: Handle }, name: string): unknown {
  const { attributes } = resource.handle;
  if (Object.hasOwn(attributes, name)) return attributes[name];
  let value: unknown = attributes;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) throw missing(resource, name);
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function missing(resource: StackResource, name: string): ResourceFailure {
  const isCustom = resource.type.startsWith('Custom::') || resource.type === 'AWS::CloudFormation::CustomResource';
  return new ResourceFailure(
    isCustom
      ? `CustomResource attribute error: Vendor response doesn't contain ${name} attribute in object ${resource.logicalId}`
      : `Requested attribute ${name} does not exist in schema for ${resource.type} (${resource.logicalId})`,
  );
}
