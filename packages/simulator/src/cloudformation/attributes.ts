import { ResourceFailure } from './failure-reason.ts';
import type { CreatedResource, StackResource } from './stack.ts';

/** The value of Fn::GetAtt: the attribute of that name, or else the nested one (`A.B`). Throws if there is none. */
export function attributeOf(resource: CreatedResource, name: string): unknown {
  const { attributes } = resource.handle;
  if (Object.hasOwn(attributes, name)) return attributes[name];
  let value: unknown = attributes;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      throw missingAttribute(resource, name);
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function missingAttribute(resource: StackResource, name: string): ResourceFailure {
  const isCustom = resource.type.startsWith('Custom::') || resource.type === 'AWS::CloudFormation::CustomResource';
  return new ResourceFailure(
    isCustom
      ? `CustomResource attribute error: Vendor response doesn't contain ${name} attribute ` +
          `in object ${resource.logicalId}`
      : `Requested attribute ${name} does not exist in schema for ${resource.type} (${resource.logicalId})`,
  );
}
