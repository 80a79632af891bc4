import type {
  CreateEndpointConfigInput,
  DeleteEndpointConfigInput,
  DescribeEndpointConfigInput,
  ListEndpointConfigsInput,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import type { Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { alreadyExists, constraint, notFound, validation } from './errors.ts';
import { type Listed, listPage } from './listing.ts';
import { storedModel } from './models.ts';
import { checkName, configArn } from './names.ts';
import type { EndpointConfig } from './resources.ts';
import { keyOf, type Store } from './store.ts';
import { checkTags } from './tags.ts';

/** CreateEndpointConfig, DescribeEndpointConfig, DeleteEndpointConfig, ListEndpointConfigs. */
export function endpointConfigOperations(deps: Deps, store: Store): Record<string, Operation> {
  const resourceOf = ({ EndpointConfigName: name }: Partial<DescribeEndpointConfigInput>) =>
    name === undefined ? '*' : configArn(deps.account, name);
  return permitted('sagemaker', resourceOf, {
    CreateEndpointConfig: (input: CreateEndpointConfigInput) => createConfig(deps, store, input),
    DescribeEndpointConfig(input: DescribeEndpointConfigInput) {
      const { arn, created, ...rest } = findConfig(deps, store, input.EndpointConfigName);
      return { ...structuredClone(rest), EndpointConfigArn: arn, CreationTime: new Date(created) };
    },
    // SageMaker does not protect a config that an endpoint uses; after this the endpoint cannot be updated.
    DeleteEndpointConfig(input: DeleteEndpointConfigInput) {
      const { arn } = findConfig(deps, store, input.EndpointConfigName);
      store.configs.delete(keyOf(input.EndpointConfigName));
      store.tags.delete(arn);
      return {};
    },
    ListEndpointConfigs: (input: ListEndpointConfigsInput) => listConfigs(store, input),
  });
}

function createConfig(deps: Deps, store: Store, input: CreateEndpointConfigInput) {
  checkName('endpointConfigName', input.EndpointConfigName);
  checkTags(input.Tags);
  const arn = configArn(deps.account, input.EndpointConfigName);
  const key = keyOf(input.EndpointConfigName);
  if (store.configs.has(key)) throw alreadyExists('endpoint configuration', arn);
  checkVariants(deps, store, input);
  const { Tags, ...rest } = input;
  store.configs.set(key, {
    ...structuredClone(rest),
    EndpointConfigName: input.EndpointConfigName,
    arn,
    created: deps.clock.now(),
  });
  if (Tags) store.tags.set(arn, [...Tags]);
  return { EndpointConfigArn: arn };
}

function checkVariants(deps: Deps, store: Store, input: CreateEndpointConfigInput): void {
  const { ProductionVariants: variants = [], ShadowProductionVariants: shadows = [] } = input;
  if (variants.length < 1) throw constraint('productionVariants', '[]', 'have length greater than or equal to 1');
  if (variants.length > 10) throw constraint('productionVariants', '[…]', 'have length less than or equal to 10');
  const check = (member: string) => (variant: ProductionVariant, index: number) =>
    checkVariant(deps, store, `${member}.${index + 1}.member`, variant);
  variants.forEach(check('productionVariants'));
  shadows.forEach(check('shadowProductionVariants'));
  const names = [...variants, ...shadows].map(({ VariantName }) => VariantName);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw validation(`Variant names must be unique, got twice: ${repeated}`);
}

function checkVariant(deps: Deps, store: Store, path: string, variant: ProductionVariant): void {
  checkName(`${path}.variantName`, variant.VariantName);
  if (variant.ModelName === undefined) {
    throw validation(
      `${path}.modelName is missing. A variant without a model is for inference components, ` +
        'which the local runtime does not simulate.',
    );
  }
  storedModel(deps, store, variant.ModelName);
  const { InitialInstanceCount: count, InitialVariantWeight: weight } = variant;
  if (count !== undefined && (!Number.isInteger(count) || count < 0)) {
    throw constraint(`${path}.initialInstanceCount`, count, 'have value greater than or equal to 0');
  }
  if (weight !== undefined && !(weight >= 0)) {
    throw constraint(`${path}.initialVariantWeight`, weight, 'have value greater than or equal to 0');
  }
  checkTimeout(`${path}.modelDataDownloadTimeoutInSeconds`, variant.ModelDataDownloadTimeoutInSeconds);
  checkTimeout(
    `${path}.containerStartupHealthCheckTimeoutInSeconds`,
    variant.ContainerStartupHealthCheckTimeoutInSeconds,
  );
  if (!variant.ServerlessConfig && variant.InstanceType === undefined && !variant.InstancePools) {
    throw validation(`Variant ${variant.VariantName} needs either an InstanceType or a ServerlessConfig.`);
  }
}

function checkTimeout(path: string, seconds: number | undefined): void {
  if (seconds === undefined) return;
  if (!(seconds >= 60)) throw constraint(path, seconds, 'have value greater than or equal to 60');
  if (seconds > 3600) throw constraint(path, seconds, 'have value less than or equal to 3600');
}

function listConfigs(store: Store, input: ListEndpointConfigsInput) {
  const view = (config: EndpointConfig): Listed => ({
    name: config.EndpointConfigName,
    created: config.created,
    modified: config.created,
  });
  const { items, NextToken } = listPage(store.configs.values(), view, input);
  return {
    EndpointConfigs: items.map((config) => ({
      EndpointConfigName: config.EndpointConfigName,
      EndpointConfigArn: config.arn,
      CreationTime: new Date(config.created),
    })),
    ...(NextToken !== undefined && { NextToken }),
  };
}

/** Finds a config regardless of case. Throws `Could not find endpoint configuration "arn".` */
export function findConfig(deps: Deps, store: Store, name: string | undefined): EndpointConfig {
  const config = store.configs.get(keyOf(name));
  if (!config) throw notFound('endpoint configuration', configArn(deps.account, name));
  return config;
}
