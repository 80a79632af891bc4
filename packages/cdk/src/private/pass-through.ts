import { type CfnResource, Token } from 'aws-cdk-lib';

/**
 * Writes to the template what the resource's class left out: properties that CloudFormation has and this version of
 * aws-cdk-lib doesn't know yet.
 */
export function passOnUnknownProperties(resource: CfnResource, props: object): void {
  for (const [name, value] of Object.entries(props)) {
    if (value !== undefined && !(name in resource))
      resource.addPropertyOverride(capitalized(name), inPascalCase(value));
  }
}

function inPascalCase(value: unknown): unknown {
  if (Token.isUnresolved(value)) return value;
  if (Array.isArray(value)) return value.map(inPascalCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [capitalized(name), inPascalCase(member)]));
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
