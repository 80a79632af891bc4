import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A type in the format of a jsii assembly. */
interface TypeReference {
  readonly primitive?: string;
  readonly fqn?: string;
  readonly collection?: { readonly kind: 'array' | 'map'; readonly elementtype: TypeReference };
  readonly union?: { readonly types: readonly TypeReference[] };
}

interface Struct {
  readonly properties?: readonly { readonly name: string; readonly optional?: boolean; readonly type: TypeReference }[];
}

/** A property of one of the three L1 props, or of a struct nested in it, whose value is not a struct. */
export interface Leaf {
  /** For example `productionVariants[].routingConfig.routingStrategy`. */
  readonly path: string;
  /** Props with this value and the required siblings only. The value for `1` differs from that for `2`. */
  readonly sample: (which: 1 | 2) => Record<string, unknown>;
}

const main = createRequire(import.meta.url).resolve('aws-cdk-lib');
const assembly = JSON.parse(gunzipSync(readFileSync(join(dirname(main), '.jsii.gz'))).toString('utf8')) as {
  version: string;
  types: Record<string, Struct>;
};

/** Version of the installed aws-cdk-lib. */
export const cdkVersion = assembly.version;

/** Every leaf of `CfnModelProps`, `CfnEndpointConfigProps` or `CfnEndpointProps` of the installed aws-cdk-lib. */
export function leavesOf(props: string): Leaf[] {
  return leavesOfStruct(`aws-cdk-lib.aws_sagemaker.${props}`, '');
}

function leavesOfStruct(fqn: string, before: string): Leaf[] {
  const { properties = [] } = assembly.types[fqn]!;
  return properties.flatMap(({ name, type }) => {
    const { value, isList } = concrete(type);
    const path = `${before}${name}${isList && value.fqn ? '[]' : ''}`;
    const required = () => requiredOf(fqn, before, name);
    const wrap = (inner: unknown) => ({ ...required(), [name]: isList ? [inner] : inner });
    if (value.fqn && assembly.types[value.fqn]!.properties) {
      return leavesOfStruct(value.fqn, `${path}.`).map((leaf) => ({
        path: leaf.path,
        sample: (which) => wrap(leaf.sample(which)),
      }));
    }
    return [{ path, sample: (which) => wrap(primitive(value, path, which)) }];
  });
}

function requiredOf(fqn: string, before: string, but?: string): Record<string, unknown> {
  const { properties = [] } = assembly.types[fqn]!;
  const required = properties.filter(({ name, optional }) => !optional && name !== but);
  return Object.fromEntries(
    required.map(({ name, type }) => {
      const { value, isList } = concrete(type);
      const path = `${before}${name}`;
      const one = value.fqn ? requiredOf(value.fqn, `${path}.`) : primitive(value, path, 1);
      return [name, isList ? [one] : one];
    }),
  );
}

/** The type without tokens and without its list. */
function concrete(type: TypeReference): { value: TypeReference; isList: boolean } {
  const given = type.union?.types.find(({ fqn }) => fqn !== 'aws-cdk-lib.IResolvable') ?? type;
  if (given.collection?.kind !== 'array') return { value: given, isList: false };
  return { value: concrete(given.collection.elementtype).value, isList: true };
}

function primitive(type: TypeReference, path: string, which: 1 | 2): unknown {
  if (type.primitive === 'string') return `${path.replace(/[^a-zA-Z0-9]+/g, '-')}-${which}`;
  if (type.primitive === 'number') return 4710 + which;
  if (type.primitive === 'boolean') return which === 1;
  // Free-form JSON and maps.
  return { Key: `value-${which}` };
}
