import type { CreateEndpointConfigInput, ProductionVariant, SageMaker } from '@aws-sdk/client-sagemaker';
import type { Clock } from '../core/clock.ts';
import { operationsOf } from '../core/operations.ts';
import { constraint, validation } from './errors.ts';
import { checkName } from './names.ts';
import { listPage, settingsOf, summaryOf } from './resources.ts';
import type { Store } from './store.ts';

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
  if (variants.length < 1) throw constraint('productionVariants', '[]', 'have length greater than or equal to 1');
  if (variants.length > 10) throw constraint('productionVariants', '[…]', 'have length less than or equal to 10');
  for (const [member, list] of Object.entries({ productionVariants: variants, shadowProductionVariants: shadows })) {
    for (const [index, variant] of list.entries()) checkVariant(store, `${member}.${index + 1}.member`, variant);
  }
  const names = [...variants, ...shadows].map(({ VariantName }) => VariantName);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw validation(`Variant names must be unique, got twice: ${repeated}`);
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
  const check = (name: string, value = 60, min = 60, max = 3600) => {
    if (!(value >= min)) throw constraint(`${path}.${name}`, value, `have value greater than or equal to ${min}`);
    if (value > max) throw constraint(`${path}.${name}`, value, `have value less than or equal to ${max}`);
  };
  check('initialInstanceCount', variant.InitialInstanceCount, 0, Number.POSITIVE_INFINITY);
  check('initialVariantWeight', variant.InitialVariantWeight, 0, Number.POSITIVE_INFINITY);
  check('modelDataDownloadTimeoutInSeconds', variant.ModelDataDownloadTimeoutInSeconds);
  check('containerStartupHealthCheckTimeoutInSeconds', variant.ContainerStartupHealthCheckTimeoutInSeconds);
  if (!variant.ServerlessConfig && variant.InstanceType === undefined && !variant.InstancePools) {
    throw validation(`Variant ${variant.VariantName} needs either an InstanceType or a ServerlessConfig.`);
  }
}
