import { isRecord } from '../../core/is-record.ts';
import { ResourceFailure } from '../failures.ts';
import type { Properties } from '../provider.ts';

/** A text, a list of what one shape has, or an object with members of known shapes among others. */
type Shape = 'text' | readonly [Shape] | { readonly [member: string]: Shape };

const text = (...names: string[]): Record<string, Shape> => Object.fromEntries(names.map((name) => [name, 'text']));
const texts = (...names: string[]): Record<string, Shape> => Object.fromEntries(names.map((name) => [name, ['text']]));

const VARIANTS: Shape = [text('ModelName', 'VariantName')];

/** Shapes of properties of the simulated types, by name. The others are checked by the services. */
const SHAPES: Readonly<Record<string, Shape>> = {
  ...text('Action', 'Principal', 'SourceAccount', 'SourceArn'),
  ...text('AliasName', 'AllowedPattern', 'BucketName', 'FunctionName', 'RoleName', 'ScheduleExpression', 'TargetKeyId'),
  ...text(
    'EndpointConfigName',
    'EndpointName',
    'Handler',
    'LogGroupName',
    'ModelName',
    'ModelPackageGroupName',
    'Name',
  ),
  ...text('ManagedPolicyName', 'PolicyName', 'QueueName', 'Role', 'Runtime', 'State', 'Type', 'Value'),
  ...texts('Architectures', 'FunctionResponseTypes', 'Groups', 'Layers', 'ManagedPolicyArns', 'Queues', 'Roles'),
  ...texts('Users'),
  BucketEncryption: { ServerSideEncryptionConfiguration: [{}] },
  Code: text('ImageUri', 'S3Bucket', 'S3Key', 'S3ObjectVersion', 'ZipFile'),
  LifecycleConfiguration: { Rules: [{}] },
  OwnershipControls: { Rules: [{}] },
  Policies: [text('PolicyName')],
  ProductionVariants: VARIANTS,
  ShadowProductionVariants: VARIANTS,
  Targets: [text('Arn', 'Id', 'Input', 'InputPath')],
};
const TAGS: Shape = [text('Key', 'Value')];

/**
 * The properties, with numbers and Booleans as text where a text is expected. Throws ResourceFailure, as CloudFormation
 * does before it makes or changes a resource, for a property of another type.
 */
export function shaped<P extends Properties>(properties: P, logicalId: string, tags?: 'list' | 'map'): P {
  return inShape(tags === 'list' ? { ...SHAPES, Tags: TAGS } : SHAPES, properties, '#', logicalId) as P;
}

/** The same of a resource that is replaced or deleted, without what was refused and so never took effect. */
export function shapedBefore<P extends Properties>(properties: P, logicalId: string, tags?: 'list' | 'map'): P {
  const entries = Object.entries(properties).flatMap(([name, value]) => {
    try {
      return Object.entries(shaped({ [name]: value }, logicalId, tags));
    } catch {
      return [];
    }
  });
  return Object.fromEntries(entries) as P;
}

function inShape(shape: Shape, value: unknown, path: string, logicalId: string): unknown {
  const mismatch = (expected: string) =>
    new ResourceFailure(
      `Properties validation failed for resource ${logicalId} with message: ` +
        `${path}: expected type: ${expected}, found: ${typeName(value)}`,
    );
  if (shape === 'text') {
    if (typeof value === 'object') throw mismatch('String');
    return String(value);
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) throw mismatch('JSONArray');
    return value.map((item, index) => inShape(shape[0], item, `${path}/${index}`, logicalId));
  }
  if (!isRecord(value)) throw mismatch('JSONObject');
  const members = Object.entries(value).map(([name, member]) => {
    const inner = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return [name, inner === undefined ? member : inShape(inner, member, `${path}/${name}`, logicalId)];
  });
  return Object.fromEntries(members);
}

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

/** The name of a type in CloudFormation's messages. */
function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'JSONArray';
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Double';
  return { string: 'String', boolean: 'Boolean' }[typeof value as string] ?? 'JSONObject';
}
