import type { CreateEndpointConfigInput, ProductionVariant } from '@aws-sdk/client-sagemaker';
import type { Deps, Operation } from '../core/cloud.ts';
import { alreadyExists, constraint, notFound, validation } from './errors.ts';
import { type Listed, page } from './listing.ts';
import { checkName, configArn, modelArn } from './names.ts';
import { type EndpointConfig, keyOf, type Store } from './store.ts';
import { checkTags } from './tags.ts';

type Named = { EndpointConfigName: string };

/** CreateEndpointConfig, DescribeEndpointConfig, DeleteEndpointConfig, ListEndpointConfigs. */
export function endpointConfigOperations(deps: Deps, store: Store): Record<string, Operation> {
  const permissions = (action: string) => (input: Named) => [
    { action: `sagemaker:${action}`, resource: configArn(deps.account, input.EndpointConfigName) },
  ];

  function checkVariant(path: string, variant: ProductionVariant): void {
    checkName(`${path}.variantName`, variant.VariantName);
    if (variant.ModelName === undefined) {
      throw validation(
        `${path}.modelName is missing: the local runtime does not simulate inference components, which are what a variant without a model is for.`,
      );
    }
    if (!store.models.has(keyOf(variant.ModelName))) {
      throw notFound('model', modelArn(deps.account, variant.ModelName));
    }
    const count = variant.InitialInstanceCount;
    if (count !== undefined && (!Number.isInteger(count) || count < 0)) {
      throw constraint(`${path}.initialInstanceCount`, count, 'have value greater than or equal to 0');
    }
    if (variant.InitialVariantWeight !== undefined && !(variant.InitialVariantWeight >= 0)) {
      throw constraint(
        `${path}.initialVariantWeight`,
        variant.InitialVariantWeight,
        'have value greater than or equal to 0',
      );
    }
    for (const member of [
      'ModelDataDownloadTimeoutInSeconds',
      'ContainerStartupHealthCheckTimeoutInSeconds',
    ] as const) {
      const seconds = variant[member];
      const name = `${path}.${member[0]!.toLowerCase()}${member.slice(1)}`;
      if (seconds !== undefined && !(seconds >= 60))
        throw constraint(name, seconds, 'have value greater than or equal to 60');
      if (seconds !== undefined && seconds > 3600)
        throw constraint(name, seconds, 'have value less than or equal to 3600');
    }
    if (!variant.ServerlessConfig && variant.InstanceType === undefined && !variant.InstancePools) {
      throw validation(`Variant ${variant.VariantName} needs either an InstanceType or a ServerlessConfig.`);
    }
  }

  return {
    CreateEndpointConfig: {
      permissions: permissions('CreateEndpointConfig'),
      run(input: CreateEndpointConfigInput) {
        checkName('endpointConfigName', input.EndpointConfigName);
        checkTags(input.Tags);
        const arn = configArn(deps.account, input.EndpointConfigName);
        const key = keyOf(input.EndpointConfigName);
        if (store.configs.has(key)) throw alreadyExists('endpoint configuration', arn);
        const variants = input.ProductionVariants ?? [];
        if (variants.length < 1) throw constraint('productionVariants', '[]', 'have length greater than or equal to 1');
        if (variants.length > 10) {
          throw constraint('productionVariants', '[…]', 'have length less than or equal to 10');
        }
        variants.forEach((variant, i) => {
          checkVariant(`productionVariants.${i + 1}.member`, variant);
        });
        (input.ShadowProductionVariants ?? []).forEach((variant, i) => {
          checkVariant(`shadowProductionVariants.${i + 1}.member`, variant);
        });
        const names = [...variants, ...(input.ShadowProductionVariants ?? [])].map(({ VariantName }) => VariantName);
        const repeated = names.find((name, i) => names.indexOf(name) !== i);
        if (repeated !== undefined) throw validation(`Variant names must be unique, got twice: ${repeated}`);
        const { Tags, ...rest } = input;
        store.configs.set(key, {
          ...structuredClone(rest),
          EndpointConfigName: input.EndpointConfigName,
          arn,
          created: deps.clock.now(),
        });
        if (Tags) store.tags.set(arn, [...Tags]);
        return { EndpointConfigArn: arn };
      },
    },
    DescribeEndpointConfig: {
      permissions: permissions('DescribeEndpointConfig'),
      run(input: Named) {
        const { arn, created, ...rest } = findConfig(deps, store, input.EndpointConfigName);
        return { ...structuredClone(rest), EndpointConfigArn: arn, CreationTime: new Date(created) };
      },
    },
    DeleteEndpointConfig: {
      permissions: permissions('DeleteEndpointConfig'),
      // SageMaker does not protect a config that an endpoint uses; the endpoint can't be updated from then on.
      run(input: Named) {
        const { arn } = findConfig(deps, store, input.EndpointConfigName);
        store.configs.delete(keyOf(input.EndpointConfigName));
        store.tags.delete(arn);
        return {};
      },
    },
    ListEndpointConfigs: {
      permissions: () => [{ action: 'sagemaker:ListEndpointConfigs', resource: '*' }],
      run(input: object) {
        const view = (config: EndpointConfig): Listed => ({
          name: config.EndpointConfigName,
          created: config.created,
          modified: config.created,
        });
        const { items, NextToken } = page(store.configs.values(), view, input);
        return {
          EndpointConfigs: items.map((config) => ({
            EndpointConfigName: config.EndpointConfigName,
            EndpointConfigArn: config.arn,
            CreationTime: new Date(config.created),
          })),
          ...(NextToken !== undefined && { NextToken }),
        };
      },
    },
  };
}

/** Throws `Could not find endpoint configuration "arn".` */
export function findConfig(deps: Deps, store: Store, name: string): EndpointConfig {
  const config = store.configs.get(keyOf(name));
  if (!config) throw notFound('endpoint configuration', configArn(deps.account, name));
  return config;
}
