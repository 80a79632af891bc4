import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import { containersOf } from './containers';
import type { DeclaredModel } from './declared-models';
import { areConcrete, isReadable } from './tokens';
import { hasUnreadableVariants, modelOf, readableVariants } from './variants';

/** Rollback alarms that SageMaker watches at most. */
const MAX_ROLLBACK_ALARMS = 10;

const VARIANT_LISTS = ['productionVariants', 'shadowProductionVariants'] as const;

/** Problems with how variants are hosted and updated: combinations that SageMaker rejects, or never refreshes. */
export function hostingProblems(props: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  return [
    ...emptyVariants(props),
    ...instanceTypeProblems(props),
    ...inferenceComponentProblems(props, models),
    ...deploymentConfigProblems(props),
    ...smokeTestTargetProblems(props, models),
  ];
}

function emptyVariants({ endpointConfigProps: { productionVariants } }: SagemakerEndpointProps): string[] {
  if (!Array.isArray(productionVariants) || productionVariants.length > 0) return [];
  return [
    'endpointConfigProps.productionVariants is empty, expected at least one variant, for example ' +
      "{ variantName: 'all', instanceType: 'ml.m5.large', initialInstanceCount: 1 }.",
  ];
}

function instanceTypeProblems({ endpointConfigProps }: SagemakerEndpointProps): string[] {
  return VARIANT_LISTS.flatMap((list) =>
    readableVariants(endpointConfigProps[list]).flatMap(({ variantName, instanceType }) => {
      if (instanceType === undefined || !areConcrete(instanceType) || instanceType.startsWith('ml.')) return [];
      return [
        `The instanceType of variant "${variantName}" in ${list} is "${instanceType}", ` +
          `expected a type for SageMaker, which begins with "ml.". Write ml.${instanceType.replace(/^ml-?/, '')}.`,
      ];
    }),
  );
}

/** A swap changes the models of the variants; inference components have models of their own. */
function inferenceComponentProblems(
  { endpointConfigProps }: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
): string[] {
  if (endpointConfigProps.executionRoleArn === undefined) return [];
  return readableVariants(endpointConfigProps.productionVariants)
    .filter((variant) => variant.modelName === undefined && !modelOf(variant, models, endpointConfigProps))
    .map(
      ({ variantName }) =>
        `Variant "${variantName}" hosts inference components (endpointConfigProps has an executionRoleArn, and the ` +
        'variant no modelName), which a refresh would not update. Set modelName of the variant and omit ' +
        'executionRoleArn, or declare endpoint and components with CfnEndpoint and CfnInferenceComponent.',
    );
}

function deploymentConfigProblems(props: SagemakerEndpointProps): string[] {
  const { endpointProps, endpointConfigProps, guardedDeployment } = props;
  const { deploymentConfig } = endpointProps;
  const problems = guardedDeployment ? guardedDeploymentProblems(props) : [];
  if (deploymentConfig === undefined || !isReadable(deploymentConfig)) return problems;
  if (deploymentConfig.rollingUpdatePolicy === undefined) return problems;
  const variants = readableVariants(endpointConfigProps.productionVariants);
  if (variants.length > 1) {
    problems.push(
      `endpointProps.deploymentConfig has a rollingUpdatePolicy, but there are ${variants.length} variants, and ` +
        'SageMaker rolls only one. Use blueGreenUpdatePolicy, for example with guardedDeployment.',
    );
  }
  for (const { variantName, serverlessConfig } of variants) {
    if (serverlessConfig === undefined) continue;
    problems.push(
      `endpointProps.deploymentConfig has a rollingUpdatePolicy, but variant "${variantName}" is serverless. ` +
        'Omit the policy, or use blueGreenUpdatePolicy.',
    );
  }
  return problems;
}

function guardedDeploymentProblems(props: SagemakerEndpointProps): string[] {
  const { endpointProps, endpointConfigProps, guardedDeployment } = props;
  const problems: string[] = [];
  if (endpointProps.deploymentConfig !== undefined) {
    problems.push('guardedDeployment and endpointProps.deploymentConfig are both set. Omit one of them.');
  }
  if (endpointProps.endpointName === undefined) {
    problems.push(
      'guardedDeployment is set, but endpointProps.endpointName is not, and the alarms exist before the endpoint. ' +
        'Set endpointName.',
    );
  }
  if (hasUnreadableVariants(endpointConfigProps.productionVariants)) {
    problems.push(
      'guardedDeployment is set, but endpointConfigProps.productionVariants contains a token, so the variants to ' +
        'watch are not known. Write the variants out, or set endpointProps.deploymentConfig with alarms of your own.',
    );
  }
  for (const { variantName, serverlessConfig } of readableVariants(endpointConfigProps.productionVariants)) {
    if (serverlessConfig === undefined) continue;
    problems.push(
      `guardedDeployment is set, but variant "${variantName}" is serverless, and SageMaker guards only updates of ` +
        'instances. Omit guardedDeployment.',
    );
  }
  const { maxModelLatency, alarms = [] } = guardedDeployment?._options ?? {};
  const perVariant = maxModelLatency ? 2 : 1;
  const count = readableVariants(endpointConfigProps.productionVariants).length * perVariant + alarms.length;
  if (count > MAX_ROLLBACK_ALARMS) {
    problems.push(
      `guardedDeployment has ${count} alarms, expected at most ${MAX_ROLLBACK_ALARMS}. Pass fewer alarms, combine ` +
        'yours in a composite alarm, or omit maxModelLatency.',
    );
  }
  return [...problems, ...guardedRangeProblems(props)];
}

function guardedRangeProblems({ guardedDeployment }: SagemakerEndpointProps): string[] {
  if (!guardedDeployment) return [];
  const { _routing: routing, _options: options } = guardedDeployment;
  const { canarySize, linearStepSize } = routing;
  const seconds = options.bakeTime?.isUnresolved() ? undefined : options.bakeTime?.toSeconds();
  const range = (name: string, value: number | undefined, [least, most]: readonly [number, number]) =>
    value === undefined || (value >= least && value <= most)
      ? []
      : [`${name} of guardedDeployment is ${value}, expected ${least} to ${most}.`];
  return [
    ...range('percent', canarySize?.value, [1, 50]),
    ...range('stepPercent', linearStepSize?.value, [10, 50]),
    ...range('bakeTime in seconds', seconds, [0, 3600]),
  ];
}

/** Smoke tests call InvokeEndpoint without naming a model or container. */
function smokeTestTargetProblems(props: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  if (!props.smokeTests?.length) return [];
  const problems: string[] = [];
  const insteadOfTests = 'Omit smokeTests, and watch an alarm with guardedDeployment.';
  if (props.endpointConfigProps.asyncInferenceConfig !== undefined) {
    problems.push(
      'smokeTests are set, but the endpoint is asynchronous (asyncInferenceConfig), and SageMaker rejects ' +
        `InvokeEndpoint for it. ${insteadOfTests}`,
    );
  }
  for (const { id, declared } of models) {
    const { inferenceExecutionConfig: execution } = declared.props;
    if (execution !== undefined && isReadable(execution) && execution.mode === 'Direct') {
      problems.push(
        `smokeTests are set, but the containers of model "${id}" are invoked directly (mode Direct), and a smoke test ` +
          `names no container. ${insteadOfTests}`,
      );
    }
    if (containersOf(declared.props).some(({ container }) => container?.mode === 'MultiModel')) {
      problems.push(
        `smokeTests are set, but model "${id}" has a multi-model container, and a smoke test names no model. ` +
          insteadOfTests,
      );
    }
  }
  return problems;
}
