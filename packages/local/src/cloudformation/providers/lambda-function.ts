import { changedProperties } from '../diff.ts';
import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { tagChanges, tagMap } from '../tags.ts';
import { recordWith, without } from './calls.ts';

/** Properties that go with UpdateFunctionCode or have operations of their own. */
const notConfiguration = [
  'Code',
  'Tags',
  'ReservedConcurrentExecutions',
  'FunctionName',
  'PackageType',
  'Architectures',
];

/** What a setting goes back to when its property is taken away. */
const defaults: Readonly<Record<string, unknown>> = {
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

/** AWS::Lambda::Function. */
export const lambdaFunction: Provider = {
  replacing: ['FunctionName', 'PackageType'],
  nameProperty: 'FunctionName',
  tags: 'list',
  async create(properties, context) {
    const FunctionName: string = properties.FunctionName ?? context.name({ maxLength: 64 });
    const { FunctionArn } = await context.call('lambda', 'CreateFunction', {
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
    const settings = changed.filter((name) => !notConfiguration.includes(name));
    if (settings.length > 0) {
      const reset = settings.filter((name) => properties[name] === undefined).map((name) => [name, defaults[name]]);
      await context.call('lambda', 'UpdateFunctionConfiguration', {
        ...configurationOf(without(properties, ...notConfiguration)),
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
    const { set, removed } = tagChanges(old.Tags, properties.Tags);
    if (removed.length > 0) await recordWith(context, 'lambda', 'UntagResource', { Resource, TagKeys: removed });
    if (set.length > 0) await recordWith(context, 'lambda', 'TagResource', { Resource, Tags: tagMap(set) });
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('lambda', 'DeleteFunction', { FunctionName: physicalId });
  },
};

/** Environment variables are text, whatever the template's parameters were. */
function configurationOf(properties: Record<string, unknown>): Record<string, unknown> {
  const environment = properties.Environment as { Variables?: Record<string, unknown> } | undefined;
  if (environment === undefined) return properties;
  const texts = Object.entries(environment.Variables ?? {}).map(([name, value]) => [name, String(value)]);
  return { ...properties, Environment: { Variables: Object.fromEntries(texts) } };
}

function codeOf(code: Properties | undefined, context: ProviderContext): Record<string, unknown> {
  const LocalPath = code?.S3Key === undefined ? undefined : context.asset(code.S3Key);
  return LocalPath === undefined ? { ...code } : { LocalPath };
}

async function putConcurrency(FunctionName: string, now: Properties, old: Properties, context: ProviderContext) {
  const { ReservedConcurrentExecutions } = now;
  if (ReservedConcurrentExecutions === old.ReservedConcurrentExecutions) return;
  if (ReservedConcurrentExecutions === undefined) {
    await context.call('lambda', 'DeleteFunctionConcurrency', { FunctionName });
  } else {
    await context.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
  }
}
