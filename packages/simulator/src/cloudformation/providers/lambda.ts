import type { EventSourceMappingConfiguration, FunctionConfiguration } from '@aws-sdk/client-lambda';
import { arn } from '../../core/account.ts';
import { changedProperties, type Properties, type Provider, type ProviderContext } from '../provider.ts';
import { apiType, namesBut, without } from './api-type.ts';
import { partlyRecorded, recordOnly } from './record-only.ts';

/** Properties that belong to UpdateFunctionCode or have operations of their own. */
const NOT_SETTINGS = ['Code', 'Architectures', 'PackageType', 'FunctionName', 'ReservedConcurrentExecutions', 'Tags'];

/** The properties with an effect here, or none anywhere. */
const SIMULATED_PROPERTIES = [
  ...NOT_SETTINGS,
  ...['Description', 'Environment', 'Handler', 'LoggingConfig', 'MemorySize', 'Role', 'Runtime', 'Timeout'],
];

/** The value of a setting whose property is removed. */
const DEFAULT_SETTINGS: Properties = {
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

/** The value of a mapping's property that is removed. */
const DEFAULT_MAPPING: Properties = {
  ScalingConfig: {},
  FilterCriteria: {},
  DestinationConfig: {},
  FunctionResponseTypes: [],
};

type FunctionProperties = Properties & {
  readonly Code?: { readonly S3Key?: string };
  readonly Environment?: { readonly Variables?: Properties };
  readonly ReservedConcurrentExecutions?: number;
};

/** Functions, their event source mappings, permissions and settings for asynchronous invocations. */
export const lambdaTypes: Readonly<Record<string, Provider>> = {
  'AWS::Lambda::Function': apiType<FunctionProperties, FunctionConfiguration>({
    api: { service: 'lambda', create: 'CreateFunction', remove: 'DeleteFunction' },
    name: { property: 'FunctionName', maxLength: 64 },
    replacing: ['FunctionName', 'PackageType'],
    recordedParts: namesBut(...SIMULATED_PROPERTIES),
    tags: 'list',
    input: (properties, context) => ({
      ...without(properties, 'ReservedConcurrentExecutions'),
      ...environmentOf(properties),
      Code: codeOf(properties, context),
    }),
    handle: (FunctionName, { FunctionArn }) => ({ physicalId: FunctionName, attributes: { Arn: FunctionArn } }),
    async update(FunctionName, properties, old, context) {
      const changed = changedProperties(old, properties);
      const settings = changed.filter((name) => !NOT_SETTINGS.includes(name));
      if (settings.length > 0) {
        await context.call('lambda', 'UpdateFunctionConfiguration', {
          ...without(properties, ...NOT_SETTINGS),
          ...environmentOf(properties),
          ...defaultsFor(settings, properties, DEFAULT_SETTINGS),
          FunctionName,
        });
      }
      if (changed.includes('Code') || changed.includes('Architectures')) {
        const { Architectures } = properties;
        const code = { ...codeOf(properties, context), FunctionName, Architectures };
        await context.call('lambda', 'UpdateFunctionCode', code);
      }
    },
    async parts(FunctionName, { ReservedConcurrentExecutions }, old, context) {
      if (ReservedConcurrentExecutions === old.ReservedConcurrentExecutions) return;
      const isSet = ReservedConcurrentExecutions !== undefined;
      if (isSet) await context.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
      else await context.call('lambda', 'DeleteFunctionConcurrency', { FunctionName });
    },
  }),

  'AWS::Lambda::EventSourceMapping': partlyRecorded(
    // Only standard queues are simulated as sources, without filters.
    ({ EventSourceArn, FunctionName, FilterCriteria }) =>
      !/^arn:[\w-]+:sqs:.*(?<!\.fifo)$/.test(String(EventSourceArn)) ||
      FilterCriteria !== undefined ||
      isQualified(FunctionName),
    recordOnly((_properties, { uuid, account }) => {
      const id = uuid();
      return mappingHandle(id, arn(account, 'lambda', `event-source-mapping:${id}`));
    }),
    apiType<Properties, EventSourceMappingConfiguration>({
      api: { service: 'lambda', create: 'CreateEventSourceMapping', remove: 'DeleteEventSourceMapping' },
      name: { id: 'UUID' },
      tags: 'list',
      replacing: ['EventSourceArn', 'StartingPosition', 'StartingPositionTimestamp', 'SelfManagedEventSource'],
      handle: (_name, { UUID, EventSourceMappingArn }) => mappingHandle(UUID, EventSourceMappingArn),
      update: (UUID, properties, old, context) =>
        context.call('lambda', 'UpdateEventSourceMapping', {
          ...without(properties, 'Tags', 'EventSourceArn'),
          ...defaultsFor(Object.keys(old), properties, DEFAULT_MAPPING),
          UUID,
        }),
    }),
  ),

  'AWS::Lambda::Permission': partlyRecorded(
    ({ FunctionName }) => isQualified(FunctionName),
    recordOnly((_properties, { uuid }) => uuid()),
    apiType<Properties>({
      api: { service: 'lambda', create: 'AddPermission', remove: 'RemovePermission' },
      name: { property: 'StatementId', maxLength: 100 },
      replacing: { allBut: [] },
      removeInput: ({ FunctionName }) => ({ FunctionName }),
      handle: (Id) => ({ physicalId: Id, attributes: { Id } }),
    }),
  ),

  'AWS::Lambda::EventInvokeConfig': apiType({
    api: {
      service: 'lambda',
      create: 'PutFunctionEventInvokeConfig',
      update: 'PutFunctionEventInvokeConfig',
      remove: 'DeleteFunctionEventInvokeConfig',
    },
    name: {},
    replacing: ['FunctionName', 'Qualifier'],
    handle: (_name, _output, context) => ({ physicalId: context.name({ maxLength: 128 }), attributes: {} }),
    removeInput: ({ FunctionName, Qualifier }) => ({ FunctionName, Qualifier }),
  }),
};

/** Whether it names a version or an alias, which are only recorded. */
const isQualified = (functionName: unknown): boolean => /:function:[^:]+:|^[^:]+:[^:]+$/.test(String(functionName));

const mappingHandle = (Id = '', EventSourceMappingArn = '') => ({
  physicalId: Id,
  attributes: { Id, EventSourceMappingArn },
});

/** The defaults of those of the properties `names` that are not set any more. */
const defaultsFor = (names: readonly string[], now: Properties, defaults: Properties): Properties =>
  Object.fromEntries(
    names
      .filter((name) => now[name] === undefined && Object.hasOwn(defaults, name))
      .map((name) => [name, defaults[name]]),
  );

/** Environment variables are text, even if the template's parameters are not. */
function environmentOf({ Environment }: FunctionProperties): Properties {
  if (Environment === undefined) return {};
  const texts = Object.entries(Environment.Variables ?? {}).map(([name, value]) => [name, String(value)]);
  return { Environment: { Variables: Object.fromEntries(texts) } };
}

function codeOf({ Code }: FunctionProperties, context: ProviderContext): object {
  const LocalPath = Code?.S3Key === undefined ? undefined : context.asset(Code.S3Key);
  return LocalPath === undefined ? { ...Code } : { LocalPath };
}
