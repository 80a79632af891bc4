import { type IResolvable, Token } from 'aws-cdk-lib';
import type { CfnEndpointConfig, CfnEndpointConfigProps } from 'aws-cdk-lib/aws-sagemaker';
import type { ModelProps } from '../model-props';

/** A model before its resource is made. */
export interface DeclaredModel {
  /** Id of its construct. */
  readonly id: string;
  /** Its given name, from either of the two places. */
  readonly givenName?: string;
  readonly declared: ModelProps;
}

export function declaredModels(modelsProps: readonly ModelProps[]): DeclaredModel[] {
  return modelsProps.map((declared, index) => {
    const givenName = declared.modelName ?? declared.props.modelName;
    const nameAsId = Token.isUnresolved(givenName) ? undefined : givenName;
    return { id: declared.customId ?? nameAsId ?? `Model${index + 1}`, givenName, declared };
  });
}

export type VariantList = CfnEndpointConfigProps['shadowProductionVariants'];
type Variant = CfnEndpointConfig.ProductionVariantProperty;

/** The variants that can be read. A token can't: neither in place of the list nor in it. */
export function readableVariants(variants: VariantList): Variant[] {
  if (!Array.isArray(variants) || Token.isUnresolved(variants)) return [];
  return variants.filter(isReadable);
}

/** Whether some of the variants are tokens. */
export function hasUnreadableVariants(variants: VariantList): boolean {
  if (variants === undefined) return false;
  return !Array.isArray(variants) || Token.isUnresolved(variants) || !variants.every(isReadable);
}

/**
 * The model that a variant names: by name, else by construct id. Without a name it is the only model, unless the
 * config's execution role says that the variant hosts inference components, which bring their own models.
 */
export function modelOf<M extends DeclaredModel>(
  variant: Variant,
  models: readonly M[],
  config: CfnEndpointConfigProps,
): M | undefined {
  const name = variant.modelName;
  if (name === undefined) return models.length === 1 && config.executionRoleArn === undefined ? models[0] : undefined;
  return models.find((model) => model.givenName === name) ?? models.find((model) => model.id === name);
}

/**
 * The variants with each name of a model of this endpoint replaced by what `nameOf` gives, that of an instance pool too;
 * anything else as it is.
 */
export function boundVariants<M extends DeclaredModel>(
  variants: VariantList,
  models: readonly M[],
  config: CfnEndpointConfigProps,
  nameOf: (model: M) => string,
): VariantList {
  if (!Array.isArray(variants) || Token.isUnresolved(variants)) return variants;
  return variants.map((variant) => {
    if (!isReadable(variant)) return variant;
    const model = modelOf(variant, models, config);
    const pools = boundPools(variant.instancePools, models, nameOf);
    return { ...variant, ...(model && { modelName: nameOf(model) }), ...(pools && { instancePools: pools }) };
  });
}

function boundPools<M extends DeclaredModel>(
  pools: Variant['instancePools'],
  models: readonly M[],
  nameOf: (model: M) => string,
): Variant['instancePools'] {
  if (!Array.isArray(pools) || Token.isUnresolved(pools)) return pools;
  return pools.map((pool: CfnEndpointConfig.InstancePoolsProperty | IResolvable) => {
    if (Token.isUnresolved(pool)) return pool;
    const { modelNameOverride } = pool as CfnEndpointConfig.InstancePoolsProperty;
    const model = modelNameOverride === undefined ? undefined : modelNamed(modelNameOverride, models);
    return model ? { ...pool, modelNameOverride: nameOf(model) } : pool;
  });
}

function modelNamed<M extends DeclaredModel>(name: string, models: readonly M[]): M | undefined {
  return models.find((model) => model.givenName === name) ?? models.find((model) => model.id === name);
}

function isReadable(variant: Variant | IResolvable): variant is Variant {
  return !Token.isUnresolved(variant);
}
