import { type CfnResource, Token } from 'aws-cdk-lib';

/**
 * Adds to the resource the props that its class ignores: properties of CloudFormation that this version of aws-cdk-lib
 * does not know yet.
 */
export function passOnUnknownProps(resource: CfnResource, props: object): void {
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
