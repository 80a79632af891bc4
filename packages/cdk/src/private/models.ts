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

/** The variants with each name of a model of this endpoint replaced by what `nameOf` gives; anything else as it is. */
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
    return model ? { ...variant, modelName: nameOf(model) } : variant;
  });
}

function isReadable(variant: Variant | IResolvable): variant is Variant {
  return !Token.isUnresolved(variant);
}
