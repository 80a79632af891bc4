import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import type { DeclaredModel } from './declared-models';
import { MAX_NAME_LENGTH, NAME_PATTERN } from './naming';
import { areConcrete } from './tokens';

/** Problems with the given names of the endpoint, the configs and the models. */
export function nameProblems(props: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  return [...conflictingNames(props, models), ...invalidNames(props, models)];
}

function conflictingNames(props: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  const problems: string[] = [];
  const ofEndpoint = props.endpointProps.endpointConfigName;
  const ofConfig = props.endpointConfigProps.endpointConfigName;
  if (ofConfig !== undefined && areConcrete(ofEndpoint, ofConfig) && ofEndpoint !== ofConfig) {
    problems.push(
      `endpointProps.endpointConfigName is "${ofEndpoint}", but endpointConfigProps.endpointConfigName is ` +
        `"${ofConfig}". ` +
        'Both name the same config: make them equal, or omit the latter so that CloudFormation generates the names.',
    );
  }
  for (const [index, { declared }] of models.entries()) {
    const outer = declared.modelName;
    const inner = declared.props.modelName;
    if (outer !== undefined && inner !== undefined && areConcrete(outer, inner) && outer !== inner) {
      problems.push(
        `modelsProps[${index}].modelName is "${outer}", but modelsProps[${index}].props.modelName is "${inner}". ` +
          'Make them equal, or omit one of them.',
      );
    }
  }
  return problems;
}

function invalidNames(props: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  const problems: string[] = [];
  const { endpointName } = props.endpointProps;
  const names: [string, string | undefined][] = [
    ['endpointProps.endpointName', endpointName],
    ['endpointConfigProps.endpointConfigName', props.endpointConfigProps.endpointConfigName],
    ...models.map(({ givenName }, index): [string, string | undefined] => [
      `The name of modelsProps[${index}]`,
      givenName,
    ]),
  ];
  for (const [path, name] of names) {
    if (name !== undefined && areConcrete(name) && !NAME_PATTERN.test(name)) {
      problems.push(`${path} is "${name}", expected letters, digits and hyphens, without a hyphen at either end.`);
    }
  }
  if (endpointName !== undefined && areConcrete(endpointName) && endpointName.length > MAX_NAME_LENGTH) {
    problems.push(
      `endpointProps.endpointName has ${endpointName.length} characters ("${endpointName}"), ` +
        `expected at most ${MAX_NAME_LENGTH}. Shorten it.`,
    );
  }
  return problems;
}
