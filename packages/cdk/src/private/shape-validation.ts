import { Token } from 'aws-cdk-lib';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';

type Props = Record<string, unknown>;

/** A check of a value's shape: what was expected instead, or undefined. */
type ShapeCheck = (value: unknown) => string | undefined;

const DURATIONS = ['waitTime', 'maxWaitTime', 'pollInterval', 'stalledAfter', 'sweepInterval'];

const anObject: ShapeCheck = (value) => (isObject(value) || Token.isUnresolved(value) ? undefined : 'an object');
const aText: ShapeCheck = (value) => (typeof value === 'string' ? undefined : 'a text');
const optional =
  (check: ShapeCheck): ShapeCheck =>
  (value) =>
    value === undefined ? undefined : check(value);
const withMember =
  (expected: string, member: string): ShapeCheck =>
  (value) =>
    typeof value === 'object' && value !== null && member in value ? undefined : expected;

const CHECKS: Readonly<Record<string, ShapeCheck>> = {
  endpointProps: anObject,
  endpointConfigProps: anObject,
  modelsBucket: withMember('a bucket (IBucket)', 'bucketName'),
  modelData: optional(withMember('ModelData.perSlot() or ModelData.inPlace()', '_bucket')),
  verification: optional(withMember('Verification.quick() or Verification.full()', '_extent')),
  guardedDeployment: optional(withMember('GuardedDeployment.canary(), .linear() or .allAtOnce()', '_routing')),
  marker: optional(aText),
  refresher: optional(withMember('a Refresher', 'handler')),
  ...Object.fromEntries(
    DURATIONS.map((name) => [name, optional(withMember('a Duration, e.g. Duration.seconds(60)', 'toSeconds'))]),
  ),
};

/**
 * Problems with the shape of the props: values of a type that TypeScript would reject. The other checks can only read
 * props that have none.
 */
export function shapeProblems(given: SagemakerEndpointProps): string[] {
  const props: unknown = given;
  if (!isObject(props)) return [`The props are ${shown(props)}, expected an object.`];
  return [
    ...Object.entries(CHECKS).flatMap(([name, check]) => problem(name, props[name], check)),
    ...listProblems(props, 'modelsProps', (each, path) => [
      ...problem(path, each, anObject),
      ...(isObject(each) ? problem(`${path}.props`, each.props, anObject) : []),
    ]),
    ...(props.bucketEvents === undefined ? [] : listProblems(props, 'bucketEvents', eventProblems)),
    ...(props.smokeTests === undefined ? [] : listProblems(props, 'smokeTests', smokeTestProblems)),
    ...variantListProblems(props.endpointConfigProps),
  ];
}

function eventProblems(event: unknown, path: string): string[] {
  if (!isObject(event)) return problem(path, event, anObject);
  const { keyFilters } = event;
  return [
    ...problem(`${path}.eventType`, event.eventType, aText),
    ...(keyFilters === undefined
      ? []
      : listProblems({ [`${path}.keyFilters`]: keyFilters }, `${path}.keyFilters`, (filter, at) =>
          problem(at, filter, anObject),
        )),
  ];
}

function smokeTestProblems(test: unknown, path: string): string[] {
  if (!isObject(test)) return problem(path, test, anObject);
  return [
    ...problem(`${path}.payload`, test.payload, aText),
    ...problem(`${path}.contentType`, test.contentType, aText),
    ...problem(
      `${path}.expect`,
      test.expect,
      optional(withMember('Expect.contains() or Expect.json()', '_expectation')),
    ),
  ];
}

function variantListProblems(config: unknown): string[] {
  if (!isObject(config)) return [];
  const { productionVariants, shadowProductionVariants } = config;
  const aList: ShapeCheck = (value) => (Array.isArray(value) || Token.isUnresolved(value) ? undefined : 'a list');
  return [
    ...problem('endpointConfigProps.productionVariants', productionVariants, aList),
    ...problem('endpointConfigProps.shadowProductionVariants', shadowProductionVariants, optional(aList)),
  ];
}

function listProblems(props: Props, name: string, problemsOf: (element: unknown, path: string) => string[]): string[] {
  const list = props[name];
  if (!Array.isArray(list) || Token.isUnresolved(list)) {
    return [`${name} is ${shown(list)}, expected a list.`];
  }
  return list.flatMap((element, index) => problemsOf(element, `${name}[${index}]`));
}

function problem(path: string, value: unknown, check: ShapeCheck): string[] {
  const expected = check(value);
  return expected === undefined ? [] : [`${path} is ${shown(value)}, expected ${expected}.`];
}

function isObject(value: unknown): value is Props {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (Token.isUnresolved(value)) return 'a token';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? `"${value}"` : String(value);
}
