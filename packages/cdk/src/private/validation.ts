import { Duration, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint';
import { dataBucketProblems } from './data-bucket';
import { DEFAULT_WAIT_TIME } from './defaults';
import { keyFilterProblems, SUPPORTED_EVENT_TYPES } from './event-pattern';
import { type DeclaredModel, modelOf, readableVariants } from './models';
import { MAX_NAME_LENGTH, NAME_PATTERN } from './naming';
import { smokeTestProblems } from './smoke-tests';

const MAX_WAIT_TIME = Duration.hours(12);

/** Everything that is wrong with the props, as far as it isn't hidden in tokens. Each text says what was got and what to do. */
export function problemsWith(
  scope: Construct,
  props: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
): string[] {
  return [
    ...nameProblems(props, models),
    ...modelProblems(models),
    ...variantProblems(props, models),
    ...durationProblems(props),
    ...eventProblems(props),
    ...dataBucketProblems(props.modelData?._perSlot ?? {}),
    ...smokeTestProblems(props),
    ...refresherProblems(scope, props),
  ];
}

/** Throws one error that lists all problems; does nothing when there are none. */
export function throwProblems(scope: Construct, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const lines = problems.map((problem, index) => `\n  ${index + 1}. ${problem}`);
  const error = new Error(
    `SagemakerEndpoint "${scope.node.path}" has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:${lines.join('')}`,
  );
  throw Object.assign(error, { code: 'FRESHPOINT_INVALID_PROPS' });
}

function nameProblems(props: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  const { endpointProps, endpointConfigProps } = props;
  const problems: string[] = [];

  const here = endpointProps.endpointConfigName;
  const there = endpointConfigProps.endpointConfigName;
  if (there !== undefined && areConcrete(here, there) && here !== there) {
    problems.push(
      `endpointProps.endpointConfigName is "${here}" and endpointConfigProps.endpointConfigName is "${there}"; ` +
        'they name the same config: make them equal, or leave the latter out to have CloudFormation name the configs',
    );
  }
  for (const [index, { declared }] of models.entries()) {
    const { modelName } = declared;
    const inner = declared.props.modelName;
    if (modelName !== undefined && inner !== undefined && areConcrete(modelName, inner) && modelName !== inner) {
      problems.push(
        `modelsProps[${index}].modelName is "${modelName}" and modelsProps[${index}].props.modelName is "${inner}"; ` +
          'make them equal, or leave one out',
      );
    }
  }

  const patterned: [string, string | undefined][] = [
    ['endpointProps.endpointName', endpointProps.endpointName],
    ['endpointConfigProps.endpointConfigName', there],
    ...models.map(({ givenName }, index): [string, string | undefined] => [
      `The name of modelsProps[${index}]`,
      givenName,
    ]),
  ];
  for (const [what, name] of patterned) {
    if (name !== undefined && areConcrete(name) && !NAME_PATTERN.test(name)) {
      problems.push(`${what} is "${name}", expected letters, digits and hyphens, with no hyphen at either end`);
    }
  }
  const { endpointName } = endpointProps;
  if (endpointName !== undefined && areConcrete(endpointName) && endpointName.length > MAX_NAME_LENGTH) {
    problems.push(
      `endpointProps.endpointName has ${endpointName.length} characters ("${endpointName}"), at most ${MAX_NAME_LENGTH} are possible; shorten it`,
    );
  }
  return problems;
}

function modelProblems(models: readonly DeclaredModel[]): string[] {
  if (models.length === 0) return ['modelsProps is empty, expected at least one model; add { props: { … } }'];
  const problems: string[] = [];
  const firsts = new Map<string, number>();
  for (const [index, { id, givenName, declared }] of models.entries()) {
    if (declared.customId !== undefined && (declared.customId === '' || Token.isUnresolved(declared.customId))) {
      problems.push(`modelsProps[${index}].customId must be a plain, non-empty text; leave it out to have one made`);
      continue;
    }
    for (const reference of new Set([id, ...(givenName === undefined ? [] : [givenName])])) {
      const first = firsts.get(reference);
      if (first === undefined) {
        firsts.set(reference, index);
      } else {
        problems.push(
          `modelsProps[${first}] and modelsProps[${index}] are both called "${reference}" (by modelName or customId); ` +
            'a variant could not tell them apart: give each its own',
        );
      }
    }
  }
  return problems;
}

function variantProblems({ endpointConfigProps }: SagemakerEndpointProps, models: readonly DeclaredModel[]): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  const known = models.map(({ id, givenName }) => `"${Token.isUnresolved(givenName) ? id : (givenName ?? id)}"`);
  for (const list of ['productionVariants', 'shadowProductionVariants'] as const) {
    for (const variant of readableVariants(endpointConfigProps[list])) {
      const { variantName, modelName } = variant;
      if (areConcrete(variantName)) {
        if (names.has(variantName))
          problems.push(`Two variants are called "${variantName}"; give each its own variantName`);
        names.add(variantName);
      }
      if (models.length === 0 || modelOf(variant, models, endpointConfigProps)) continue;
      if (modelName !== undefined && areConcrete(modelName)) {
        problems.push(
          `Variant "${variantName}" in ${list} names the model "${modelName}", which is not in modelsProps ` +
            `(${known.join(', ')}); name one of these, or pass a model from elsewhere as a token`,
        );
      } else if (modelName === undefined && endpointConfigProps.executionRoleArn === undefined) {
        problems.push(
          `Variant "${variantName}" in ${list} names no model and there are ${models.length} (${known.join(', ')}); set its modelName`,
        );
      }
    }
  }
  return problems;
}

function durationProblems({ waitTime, maxWaitTime, pollInterval, sweepInterval }: SagemakerEndpointProps): string[] {
  const problems: string[] = [];
  const wait = concreteSeconds(waitTime ?? DEFAULT_WAIT_TIME);
  const maxWait = concreteSeconds(maxWaitTime);
  const sweep = concreteSeconds(sweepInterval);
  if (wait !== undefined && wait > MAX_WAIT_TIME.toSeconds()) {
    problems.push(
      `waitTime is ${wait} seconds, expected at most 12 hours, the longest that a queue can hide a message`,
    );
  }
  if (maxWait !== undefined && wait !== undefined && maxWait < wait) {
    problems.push(
      `maxWaitTime is ${maxWait} seconds, expected at least waitTime (${wait} seconds); raise it or leave it out`,
    );
  }
  const poll = concreteSeconds(pollInterval);
  if (poll !== undefined && (poll < 1 || poll > MAX_WAIT_TIME.toSeconds())) {
    problems.push(`pollInterval is ${poll} seconds, expected at least one and at most 12 hours`);
  }
  if (sweep !== undefined && (sweep < 60 || sweep % 60 !== 0)) {
    problems.push(`sweepInterval is ${sweep} seconds, expected whole minutes, at least one`);
  }
  return problems;
}

function eventProblems({ bucketEvents }: SagemakerEndpointProps): string[] {
  const problems: string[] = [];
  for (const [index, { eventType, keyFilters }] of (bucketEvents ?? []).entries()) {
    if (!SUPPORTED_EVENT_TYPES.includes(eventType)) {
      problems.push(
        `bucketEvents[${index}].eventType is "${eventType}", which S3 does not send to EventBridge; ` +
          `expected one of ${SUPPORTED_EVENT_TYPES.join(', ')}`,
      );
    }
    problems.push(...keyFilterProblems(keyFilters ?? []).map((problem) => `bucketEvents[${index}]: ${problem}`));
  }
  return problems;
}

function refresherProblems(scope: Construct, { refresher }: SagemakerEndpointProps): string[] {
  if (!refresher) return [];
  const here = Stack.of(scope);
  const there = Stack.of(refresher);
  return (['account', 'region'] as const)
    .filter((part) => areConcrete(here[part], there[part]) && here[part] !== there[part])
    .map(
      (part) =>
        `The refresher "${refresher.node.path}" is in ${part} ${there[part]} and the endpoint in ${here[part]}; ` +
        'a refresher serves its own account and region: pass one from there, or none',
    );
}

/** Undefined when there is none, or when it is a token. */
function concreteSeconds(duration: Duration | undefined): number | undefined {
  if (duration === undefined || duration.isUnresolved()) return undefined;
  return duration.toSeconds({ integral: false });
}

function areConcrete(...values: string[]): boolean {
  return !values.some((value) => Token.isUnresolved(value));
}
