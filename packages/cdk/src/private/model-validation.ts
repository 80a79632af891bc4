import { Token } from 'aws-cdk-lib';
import type { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import type { DeclaredModel } from './declared-models';
import { areConcrete } from './tokens';
import { modelOf, readableVariants } from './variants';

/** Problems with `modelsProps`. */
export function modelProblems(models: readonly DeclaredModel[]): string[] {
  if (models.length === 0) return ['modelsProps is empty, expected at least one model. Add { props: { … } }.'];
  const problems: string[] = [];
  const firstIndices = new Map<string, number>();
  for (const [index, { id, givenName, declared }] of models.entries()) {
    const { customId } = declared;
    if (customId !== undefined && (customId === '' || Token.isUnresolved(customId))) {
      const got = customId === '' ? 'empty' : 'a token';
      problems.push(
        `modelsProps[${index}].customId is ${got}, expected a non-empty text without tokens. ` +
          'Omit it for a generated id.',
      );
      continue;
    }
    for (const reference of new Set([id, ...(givenName === undefined ? [] : [givenName])])) {
      const first = firstIndices.get(reference);
      if (first === undefined) {
        firstIndices.set(reference, index);
      } else {
        problems.push(
          `modelsProps[${first}] and modelsProps[${index}] are both called "${reference}" (by modelName or ` +
            'customId), so a variant cannot refer to one of them. Give each its own modelName or customId.',
        );
      }
    }
  }
  return problems;
}

/** Problems with the variants of `endpointConfigProps`. */
export function variantProblems(props: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const list of ['productionVariants', 'shadowProductionVariants'] as const) {
    for (const variant of readableVariants(props.endpointConfigProps[list])) {
      const { variantName } = variant;
      if (areConcrete(variantName)) {
        if (names.has(variantName)) {
          problems.push(`Two variants are called "${variantName}". Give each its own variantName.`);
        }
        names.add(variantName);
      }
      const problem = modelReferenceProblem(variant, props, models);
      if (problem !== undefined) problems.push(`Variant "${variantName}" in ${list} ${problem}`);
    }
  }
  return problems;
}

function modelReferenceProblem(
  variant: CfnEndpointConfig.ProductionVariantProperty,
  { endpointConfigProps }: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
): string | undefined {
  if (models.length === 0 || modelOf(variant, models, endpointConfigProps)) return undefined;
  const { modelName } = variant;
  const known = models
    .map(({ id, givenName }) => `"${Token.isUnresolved(givenName) ? id : (givenName ?? id)}"`)
    .join(', ');
  if (modelName !== undefined && areConcrete(modelName)) {
    return (
      `names the model "${modelName}", expected one of modelsProps (${known}). Name one of these, or pass a model ` +
      'from elsewhere as a token.'
    );
  }
  if (modelName === undefined && endpointConfigProps.executionRoleArn === undefined) {
    return `has no modelName, but there are ${models.length} models (${known}). Set its modelName to one of these.`;
  }
  return undefined;
}
