import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import { changedProperties } from '../diff.ts';
import type { Provider, ProviderContext } from '../provider.ts';
import { type TaggedProperties, tagMap } from '../tags.ts';
import { without } from './calls.ts';
import { updateTags } from './update-tags.ts';

/** Properties that belong to UpdateFunctionCode or have operations of their own. */
const NOT_CONFIGURATION = [
  'Code',
  'Tags',
  'ReservedConcurrentExecutions',
  'FunctionName',
  'PackageType',
  'Architectures',
];

/** The value of a setting whose property is removed. */
const DEFAULT_SETTINGS: Readonly<Record<string, unknown>> = {
  Description: '',
  Timeout: 3,
  MemorySize: 128,
  Environment: { Variables: {} },
  EphemeralStorage: { Size: 512 },
  TracingConfig: { Mode: 'PassThrough' },
  Layers: [],
  KMSKeyArn: '',
  DeadLetterConfig: {},
  VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
};

type FunctionCodeProperty = { readonly S3Key?: string };

type FunctionProperties = TaggedProperties & {
  readonly FunctionName?: string;
  readonly Code?: FunctionCodeProperty;
  readonly Architectures?: readonly string[];
  readonly ReservedConcurrentExecutions?: number;
};

/** AWS::Lambda::Function. */
export const lambdaFunction: Provider<FunctionProperties> = {
  replacing: ['FunctionName', 'PackageType'],
  nameProperty: 'FunctionName',
  tags: 'list',
  async create(properties, context) {
    const FunctionName = properties.FunctionName ?? context.name({ maxLength: 64 });
    const { FunctionArn } = await context.call<FunctionConfiguration>('lambda', 'CreateFunction', {
      ...configurationOf(without(properties, 'Tags', 'ReservedConcurrentExecutions')),
      FunctionName,
      Code: codeOf(properties.Code, context),
      Tags: tagMap(properties.Tags),
    });
    const handle = { physicalId: FunctionName, attributes: { Arn: FunctionArn } };
    context.identified(handle);
    await putConcurrency(FunctionName, properties, {}, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    const FunctionName = handle.physicalId;
    const changed = changedProperties(old, properties);
    const settings = changed.filter((name) => !NOT_CONFIGURATION.includes(name));
    if (settings.length > 0) {
      const reset = settings
        .filter((name) => !Object.hasOwn(properties, name))
        .map((name) => [name, DEFAULT_SETTINGS[name]]);
      await context.call('lambda', 'UpdateFunctionConfiguration', {
        ...configurationOf(without(properties, ...NOT_CONFIGURATION)),
        ...Object.fromEntries(reset),
        FunctionName,
      });
    }
    if (changed.includes('Code') || changed.includes('Architectures')) {
      await context.call('lambda', 'UpdateFunctionCode', {
        ...codeOf(properties.Code, context),
        FunctionName,
        Architectures: properties.Architectures,
      });
    }
    await putConcurrency(FunctionName, properties, old, context);
    const Resource = handle.attributes.Arn;
    await updateTags('lambda', { Resource }, { old: old.Tags, now: properties.Tags }, context);
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('lambda', 'DeleteFunction', { FunctionName: physicalId });
  },
};

/** Environment variables are text, even if the template's parameters are not. */
function configurationOf(properties: Record<string, unknown>): Record<string, unknown> {
  const environment = properties.Environment as { Variables?: Record<string, unknown> } | undefined;
  if (environment === undefined) return properties;
  const texts = Object.entries(environment.Variables ?? {}).map(([name, value]) => [name, String(value)]);
  return { ...properties, Environment: { Variables: Object.fromEntries(texts) } };
}

function codeOf(code: FunctionCodeProperty | undefined, context: ProviderContext): Record<string, unknown> {
  const LocalPath = code?.S3Key === undefined ? undefined : context.asset(code.S3Key);
  return LocalPath === undefined ? { ...code } : { LocalPath };
}

async function putConcurrency(
  FunctionName: string,
  now: FunctionProperties,
  old: FunctionProperties,
  context: ProviderContext,
) {
  const { ReservedConcurrentExecutions } = now;
  if (ReservedConcurrentExecutions === old.ReservedConcurrentExecutions) return;
  if (ReservedConcurrentExecutions === undefined) {
    await context.call('lambda', 'DeleteFunctionConcurrency', { FunctionName });
  } else {
    await context.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
  }
}
