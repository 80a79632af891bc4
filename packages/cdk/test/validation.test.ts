import { App, Aws, CfnParameter, Duration, Fn, Stack } from 'aws-cdk-lib';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Refresher } from '../src/index';
import {
  asText,
  type Changes,
  executionRoleArn,
  image,
  newBucket,
  newEndpoint,
  newStack,
  propertiesOf,
} from './support/stacks.ts';

function problemsOf(changes: Changes, stack = newStack()): string[] {
  try {
    newEndpoint(stack, changes);
  } catch (error) {
    expect(error).toMatchObject({ code: 'FRESHPOINT_INVALID_PROPS' });
    const [first, ...problems] = (error as Error).message.split(/\n {2}\d+\. /);
    expect(first).toMatch(/^SagemakerEndpoint "Test\/Iris" has (a problem|\d+ problems):$/);
    return problems;
  }
  return [];
}

const models = (...names: object[]) => ({
  modelsProps: names.map((name) => ({
    ...name,
    props: { executionRoleArn, primaryContainer: { image, modelDataUrl: 's3://b/m.tar.gz' } },
  })),
});

describe('refused, with what was got and what to do', () => {
  test.each<[string, Changes, string]>([
    [
      'config names that differ',
      { config: { endpointConfigName: 'one' }, endpoint: { endpointConfigName: 'two' } },
      'endpointProps.endpointConfigName is "two" and endpointConfigProps.endpointConfigName is "one"; they name the same config: make them equal',
    ],
    [
      'model names that differ',
      {
        modelsProps: [{ modelName: 'one', props: { ...models({}).modelsProps[0]!.props, modelName: 'two' } }],
      },
      'modelsProps[0].modelName is "one" and modelsProps[0].props.modelName is "two"; make them equal, or leave one out',
    ],
    [
      'an endpoint name with other characters',
      { endpoint: { endpointName: 'iris_1' } },
      'endpointProps.endpointName is "iris_1", expected letters, digits and hyphens, with no hyphen at either end',
    ],
    [
      'a config name that begins with a hyphen',
      { config: { endpointConfigName: '-iris' } },
      'endpointConfigProps.endpointConfigName is "-iris", expected letters',
    ],
    [
      'a model name with a dot',
      { model: { modelName: 'iris.v1' } },
      'The name of modelsProps[0] is "iris.v1", expected letters',
    ],
    [
      'an endpoint name that is too long',
      { endpoint: { endpointName: 'x'.repeat(64) } },
      `endpointProps.endpointName has 64 characters ("${'x'.repeat(64)}"), at most 63 are possible; shorten it`,
    ],
    ['no models', { modelsProps: [] }, 'modelsProps is empty, expected at least one model; add { props: { … } }'],
    [
      'two models of one name',
      {
        ...models({ modelName: 'iris' }, { modelName: 'iris' }),
        config: { productionVariants: [{ variantName: 'v', modelName: 'iris' }] },
      },
      'modelsProps[0] and modelsProps[1] are both called "iris" (by modelName or customId); a variant could not tell them apart: give each its own',
    ],
    [
      'a customId that is the name of another model',
      {
        ...models({ modelName: 'iris' }, { modelName: 'rose', customId: 'iris' }),
        config: { productionVariants: [{ variantName: 'v', modelName: 'iris' }] },
      },
      'modelsProps[0] and modelsProps[1] are both called "iris"',
    ],
    ['an empty customId', models({ customId: '' }), 'modelsProps[0].customId must be a plain, non-empty text'],
    [
      'a variant of a model from elsewhere',
      { config: { productionVariants: [{ variantName: 'v', modelName: 'rose' }] } },
      'Variant "v" in productionVariants names the model "rose", which is not in modelsProps ("Model1"); name one of these, or pass a model from elsewhere as a token',
    ],
    [
      'a shadow variant of a model from elsewhere',
      { config: { shadowProductionVariants: [{ variantName: 'v', modelName: 'rose' }] } },
      'Variant "v" in shadowProductionVariants names the model "rose"',
    ],
    [
      'a variant without a model when there are several',
      { ...models({ modelName: 'red' }, {}), config: { productionVariants: [{ variantName: 'v' }] } },
      'Variant "v" in productionVariants names no model and there are 2 ("red", "Model2"); set its modelName',
    ],
    [
      'two variants of one name',
      { config: { productionVariants: [{ variantName: 'v' }, { variantName: 'v' }] } },
      'Two variants are called "v"; give each its own variantName',
    ],
    [
      'a wait beyond what a queue can do',
      { waitTime: Duration.hours(13) },
      'waitTime is 46800 seconds, expected at most 12 hours, the longest that a queue can hide a message',
    ],
    [
      'a bound below the wait',
      { waitTime: Duration.seconds(90), maxWaitTime: Duration.seconds(60) },
      'maxWaitTime is 60 seconds, expected at least waitTime (90 seconds); raise it or leave it out',
    ],
    [
      'a bound below the default wait',
      { maxWaitTime: Duration.seconds(30) },
      'maxWaitTime is 30 seconds, expected at least waitTime (60 seconds)',
    ],
    [
      'a poll that never rests',
      { pollInterval: Duration.seconds(0) },
      'pollInterval is 0 seconds, expected at least one and at most 12 hours',
    ],
    [
      'a sweep of parts of minutes',
      { sweepInterval: Duration.seconds(90) },
      'sweepInterval is 90 seconds, expected whole minutes, at least one',
    ],
    [
      'a sweep that never rests',
      { sweepInterval: Duration.seconds(0) },
      'sweepInterval is 0 seconds, expected whole minutes',
    ],
    [
      'events that S3 does not send to EventBridge',
      { bucketEvents: [{ eventType: EventType.REPLICATION }] },
      'bucketEvents[0].eventType is "s3:Replication:*", which S3 does not send to EventBridge; expected one of s3:ObjectCreated:*, s3:ObjectCreated:Put,',
    ],
    [
      'two prefixes in one event',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'a/' }, { prefix: 'b/' }] }] },
      'bucketEvents[0]: keyFilters has 2 prefixes ("a/", "b/"), at most one is possible; write one bucket event for each',
    ],
    [
      'two suffixes in one event',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ suffix: '.a' }, { suffix: '.b' }] }] },
      'bucketEvents[0]: keyFilters has 2 suffixes (".a", ".b")',
    ],
    [
      'a filter that filters nothing',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{}] }] },
      'bucketEvents[0]: a key filter has neither prefix nor suffix; give one, or leave keyFilters out to take all keys',
    ],
    [
      'nothing to watch',
      { model: { primaryContainer: { image } } },
      'There is nothing to watch: no model has a modelDataUrl or an s3DataSource that can be read, and no bucket event has a prefix; write the URL as s3://<bucket>/<key>, or add a prefix to keyFilters',
    ],
    [
      'nothing to watch that can be read',
      { model: { primaryContainer: { image, modelDataUrl: 'https://b.s3.amazonaws.com/m.tar.gz' } } },
      'There is nothing to watch: no model has a modelDataUrl or an s3DataSource that can be read (modelDataUrl in primaryContainer of model "Model1" is "https://b.s3.amazonaws.com/m.tar.gz", expected s3://<bucket>/<key>',
    ],
  ])('%s', (_, changes, text) => {
    const problems = problemsOf(changes);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.slice(0, text.length)).toBe(text);
  });

  test.each([
    ['account', { account: '111111111111', region: 'eu-west-1' }],
    ['region', { account: '222222222222', region: 'us-east-1' }],
  ])('a refresher of another %s', (part, env) => {
    const app = new App();
    const refresher = new Refresher(new Stack(app, 'Shared', { env }), 'Refresher');
    const stack = new Stack(app, 'Test', { env: { account: '222222222222', region: 'eu-west-1' } });
    const [problem] = problemsOf({ refresher }, stack);
    expect(problem).toContain(`The refresher "Shared/Refresher" is in ${part} `);
  });

  test('all at once', () => {
    expect(
      problemsOf({
        config: { endpointConfigName: 'a_b', productionVariants: [{ variantName: 'v', modelName: 'rose' }] },
        endpoint: { endpointConfigName: 'c', endpointName: '-' },
        model: { primaryContainer: { image } },
        waitTime: Duration.days(1),
        bucketEvents: [{ eventType: EventType.REDUCED_REDUNDANCY_LOST_OBJECT, keyFilters: [{}] }],
      }),
    ).toHaveLength(8);
  });

  test('nothing is left behind in the stack', () => {
    const stack = newStack();
    newBucket(stack);
    problemsOf({ waitTime: Duration.days(1) }, stack);
    expect(stack.node.findChild('Iris').node.children).toEqual([]);
    expect(stack.node.tryFindChild('FreshpointRefresher')).toBeUndefined();
  });
});

describe('accepted', () => {
  test.each<[string, Changes]>([
    ['names that agree', { config: { endpointConfigName: 'iris' }, model: { modelName: 'iris' } }],
    [
      'tokens where names would differ',
      {
        config: { endpointConfigName: Aws.STACK_NAME },
        endpoint: { endpointConfigName: 'iris', endpointName: Fn.ref('Name') },
      },
    ],
    ['a config name only where CloudFormation wants one', { endpoint: { endpointConfigName: 'anything' } }],
    ['given names that are too long, for they are cut', { model: { modelName: 'x'.repeat(100) } }],
    ['no events at all', { bucketEvents: [] }],
    ['the longest wait', { waitTime: Duration.hours(12), maxWaitTime: Duration.hours(12) }],
  ])('%s', (_, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });

  test('durations that are tokens', () => {
    const stack = newStack();
    const waitTime = Duration.seconds(new CfnParameter(stack, 'Wait', { type: 'Number' }).valueAsNumber);
    expect(problemsOf({ waitTime, maxWaitTime: Duration.seconds(1) }, stack)).toEqual([]);
    expect(asText(propertiesOf(stack, 'AWS::SSM::Parameter', /Spec/).Value)).toContain('"waitTime":<Wait>');
  });
});
