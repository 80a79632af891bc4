import type { CreateEndpointConfigInput, ProductionVariant, SageMaker } from '@aws-sdk/client-sagemaker';
import type { Clock } from '../core/clock.ts';
import { checkMember } from '../core/constraint.ts';
import { operationsOf } from '../core/operations.ts';
import { constraint, validation } from './errors.ts';
import { checkName } from './names.ts';
import { listPage, settingsOf, summaryOf } from './resources.ts';
import type { Store } from './store.ts';

/** In seconds. */
const TIMEOUTS = { min: 60, max: 3600 };
const SERVERLESS_MEMORY = { oneOf: ['1024', '2048', '3072', '4096', '5120', '6144'] };

/** CreateEndpointConfig, DescribeEndpointConfig, DeleteEndpointConfig, ListEndpointConfigs. */
export function endpointConfigOperations(clock: Clock, store: Store) {
  const { configs } = store;
  return operationsOf<SageMaker>()('sagemaker', ({ EndpointConfigName: name }) => configs.permissionOn(name), {
    CreateEndpointConfig(input) {
      const { name, arn } = configs.checkNew('endpointConfigName', input.EndpointConfigName, input.Tags);
      checkVariants(store, input);
      configs.add({ ...structuredClone(input), name, arn, created: clock.now() });
      return { EndpointConfigArn: arn };
    },
    DescribeEndpointConfig({ EndpointConfigName }) {
      const config = configs.find(EndpointConfigName);
      return { ...settingsOf(config), ...summaryOf('EndpointConfig', config) };
    },
    // SageMaker does not protect a config that an endpoint uses; after this the endpoint cannot be updated.
    DeleteEndpointConfig: ({ EndpointConfigName }) => configs.remove(configs.find(EndpointConfigName)),
    ListEndpointConfigs(input) {
      const { items, NextToken } = listPage(configs.all(), input);
      return { EndpointConfigs: items.map((config) => summaryOf('EndpointConfig', config)), NextToken };
    },
  });
}

function checkVariants(store: Store, input: CreateEndpointConfigInput): void {
  const { ProductionVariants: variants = [], ShadowProductionVariants: shadows = [] } = input;
  checkMember('productionVariants', variants, { min: 1, max: 10 });
  for (const [member, list] of Object.entries({ productionVariants: variants, shadowProductionVariants: shadows })) {
    for (const [index, variant] of list.entries()) checkVariant(store, `${member}.${index + 1}.member`, variant);
  }
  checkUnique([...variants, ...shadows]);
}

/** Throws ValidationException if two have one name. */
export function checkUnique(variants: readonly { readonly VariantName: string | undefined }[]): void {
  const names = variants.map(({ VariantName }) => VariantName);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw validation(`The variant name "${repeated}" was non-unique within the request.`);
}

function checkVariant({ models }: Store, path: string, variant: ProductionVariant): void {
  checkName(`${path}.variantName`, variant.VariantName);
  if (variant.ModelName === undefined) {
    throw validation(
      `${path}.modelName is missing. A variant without a model is for inference components, ` +
        'which the local runtime does not simulate.',
    );
  }
  models.find(variant.ModelName);
  const { InstanceType, ServerlessConfig } = variant;
  if (InstanceType !== undefined && !/^ml(\.[a-z\d-]+){2}$/.test(InstanceType)) {
    throw constraint(`${path}.instanceType`, InstanceType, 'satisfy enum value set: [ml.t2.medium, ml.m5.large, …]');
  }
  // CloudFormation passes numbers as text, too.
  const check = (name: string, value: number | undefined, limits: Parameters<typeof checkMember>[2]) =>
    checkMember(`${path}.${name}`, value === undefined ? value : Number(value), limits);
  check('initialInstanceCount', variant.InitialInstanceCount, { min: 1 });
  check('initialVariantWeight', variant.InitialVariantWeight, {});
  check('modelDataDownloadTimeoutInSeconds', variant.ModelDataDownloadTimeoutInSeconds, TIMEOUTS);
  const healthCheck = variant.ContainerStartupHealthCheckTimeoutInSeconds;
  check('containerStartupHealthCheckTimeoutInSeconds', healthCheck, TIMEOUTS);
  check('serverlessConfig.memorySizeInMB', ServerlessConfig?.MemorySizeInMB, SERVERLESS_MEMORY);
  check('serverlessConfig.maxConcurrency', ServerlessConfig?.MaxConcurrency, { min: 1, max: 200 });
  if (!ServerlessConfig && InstanceType === undefined && !variant.InstancePools) {
    throw validation(`Variant ${variant.VariantName} needs either an InstanceType or a ServerlessConfig.`);
  }
}
