import type { IResolvable } from 'aws-cdk-lib';
import type { CfnEndpointConfig, CfnEndpointConfigProps } from 'aws-cdk-lib/aws-sagemaker';
import { type DeclaredModel, findDeclaredModel } from './declared-models';
import { areConcrete, isReadable, isReadableList } from './tokens';

type Variant = CfnEndpointConfig.ProductionVariantProperty;
type VariantList = CfnEndpointConfigProps['productionVariants'];
type InstancePool = CfnEndpointConfig.InstancePoolsProperty;

/** The variants that are known at synthesis. */
export function readableVariants(variants: VariantList | undefined): Variant[] {
  return isReadableList(variants) ? variants.filter(isReadable) : [];
}

/** Names of the production variants. Undefined if a token hides one. */
export function variantNamesOf({ productionVariants }: CfnEndpointConfigProps): string[] | undefined {
  const names = readableVariants(productionVariants).map(({ variantName }) => variantName);
  return hasUnreadableVariants(productionVariants) || !areConcrete(...names) ? undefined : names;
}

/** Whether the list of variants or one of its elements is a token. */
export function hasUnreadableVariants(variants: VariantList | undefined): boolean {
  if (variants === undefined) return false;
  return !isReadableList(variants) || !variants.every(isReadable);
}

/**
 * The model that a variant refers to. Without a `modelName` it is the only model, unless the config has an execution
 * role: the variant then hosts inference components, which have their own models.
 */
export function modelOf<M extends DeclaredModel>(
  { modelName }: Variant,
  models: readonly M[],
  { executionRoleArn }: CfnEndpointConfigProps,
): M | undefined {
  if (modelName !== undefined) return findDeclaredModel(modelName, models);
  return models.length === 1 && executionRoleArn === undefined ? models[0] : undefined;
}

/** The models that variants refer to, in instance pools too. */
export function usedModels<M extends DeclaredModel>(
  config: CfnEndpointConfigProps,
  models: readonly M[],
): ReadonlySet<M> {
  const variants = [config.productionVariants, config.shadowProductionVariants].flatMap(readableVariants);
  return new Set(
    variants.flatMap((variant) => {
      const pools = isReadableList(variant.instancePools) ? variant.instancePools.filter(isReadable) : [];
      const names = pools.flatMap(({ modelNameOverride }) => modelNameOverride ?? []);
      const found = [modelOf(variant, models, config), ...names.map((name) => findDeclaredModel(name, models))];
      return found.flatMap((model) => model ?? []);
    }),
  );
}

/** The models that variants refer to, and their physical names. */
export interface ModelNames<M extends DeclaredModel> {
  readonly models: readonly M[];
  readonly nameOf: (model: M) => string;
}

/** The variants, in which physical names replace the names of this endpoint's models, in instance pools too. */
export function withModelNames<M extends DeclaredModel>(
  variants: VariantList,
  config: CfnEndpointConfigProps,
  { models, nameOf }: ModelNames<M>,
): VariantList {
  if (!isReadableList(variants)) return variants;
  return variants.map((variant: Variant | IResolvable) => {
    if (!isReadable(variant)) return variant;
    const model = modelOf(variant, models, config);
    const pools = poolsWithModelNames(variant.instancePools, { models, nameOf });
    return { ...variant, ...(model && { modelName: nameOf(model) }), ...(pools && { instancePools: pools }) };
  });
}

function poolsWithModelNames<M extends DeclaredModel>(
  pools: Variant['instancePools'],
  { models, nameOf }: ModelNames<M>,
): Variant['instancePools'] {
  if (!isReadableList(pools)) return pools;
  return pools.map((pool: InstancePool | IResolvable) => {
    if (!isReadable(pool)) return pool;
    const { modelNameOverride } = pool;
    const model = modelNameOverride === undefined ? undefined : findDeclaredModel(modelNameOverride, models);
    return model ? { ...pool, modelNameOverride: nameOf(model) } : pool;
  });
}
