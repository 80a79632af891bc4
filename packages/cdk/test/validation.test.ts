import { Aws, CfnParameter, Duration, Fn, Stack } from 'aws-cdk-lib';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Refresher } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import {
  asText,
  type Changes,
  executionRoleArn,
  image,
  newBucket,
  newEndpoint,
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

describe('rejects with the found value, the expected one and a fix', () => {
  test.each<[string, Changes, string]>([
    [
      'different config names',
      { config: { endpointConfigName: 'one' }, endpoint: { endpointConfigName: 'two' } },
      'endpointProps.endpointConfigName is "two", but endpointConfigProps.endpointConfigName is "one". ' +
        'Both name the same config: make them equal, or omit the latter so that CloudFormation generates the ' +
        'names.',
    ],
    [
      'different names for one model',
      {
        modelsProps: [{ modelName: 'one', props: { ...models({}).modelsProps[0]!.props, modelName: 'two' } }],
      },
      'modelsProps[0].modelName is "one", but modelsProps[0].props.modelName is "two". Make them equal, or ' +
        'omit one of them.',
    ],
    [
      'an endpoint name with invalid characters',
      { endpoint: { endpointName: 'iris_1' } },
      'endpointProps.endpointName is "iris_1", expected letters, digits and hyphens, without a hyphen at either end.',
    ],
    [
      'a config name with a leading hyphen',
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
      `endpointProps.endpointName has 64 characters ("${'x'.repeat(64)}"), expected at most 63. Shorten it.`,
    ],
    ['no models', { modelsProps: [] }, 'modelsProps is empty, expected at least one model. Add { props: { … } }.'],
    [
      'two models with the same name',
      {
        ...models({ modelName: 'iris' }, { modelName: 'iris' }),
        config: { productionVariants: [{ variantName: 'v', modelName: 'iris' }] },
      },
      'modelsProps[0] and modelsProps[1] are both called "iris" (by modelName or customId), so a variant ' +
        'cannot refer to one of them. Give each its own modelName or customId.',
    ],
    [
      'a customId equal to the name of another model',
      {
        ...models({ modelName: 'iris' }, { modelName: 'rose', customId: 'iris' }),
        config: { productionVariants: [{ variantName: 'v', modelName: 'iris' }] },
      },
      'modelsProps[0] and modelsProps[1] are both called "iris"',
    ],
    [
      'an empty customId',
      models({ customId: '' }),
      'modelsProps[0].customId is empty, expected a non-empty text without tokens. Omit it for a generated id.',
    ],
    [
      'a customId that is a token',
      models({ customId: Aws.REGION }),
      'modelsProps[0].customId is a token, expected a non-empty text without tokens.',
    ],
    [
      'a variant that names an unknown model',
      { config: { productionVariants: [{ variantName: 'v', modelName: 'rose' }] } },
      'Variant "v" in productionVariants names the model "rose", expected one of modelsProps ("Model1"). ' +
        'Name one of these, or pass a model from elsewhere as a token.',
    ],
    [
      'a shadow variant that names an unknown model',
      { config: { shadowProductionVariants: [{ variantName: 'v', modelName: 'rose' }] } },
      'Variant "v" in shadowProductionVariants names the model "rose"',
    ],
    [
      'a variant without modelName when there are several models',
      { ...models({ modelName: 'red' }, {}), config: { productionVariants: [{ variantName: 'v' }] } },
      'Variant "v" in productionVariants has no modelName, but there are 2 models ("red", "Model2"). Set ' +
        'its modelName to one of these.',
    ],
    [
      'two variants with the same name',
      { config: { productionVariants: [{ variantName: 'v' }, { variantName: 'v' }] } },
      'Two variants are called "v". Give each its own variantName.',
    ],
    [
      'a waitTime longer than the maximum delay of a message',
      { waitTime: Duration.hours(13) },
      'waitTime is 46800 seconds, expected at most 12 hours, the longest delay of a message in the queue.',
    ],
    [
      'a maxWaitTime below waitTime',
      { waitTime: Duration.seconds(90), maxWaitTime: Duration.seconds(60) },
      'maxWaitTime is 60 seconds, expected at least waitTime (90 seconds). Increase it, or omit it.',
    ],
    [
      'a maxWaitTime below the default of waitTime',
      { maxWaitTime: Duration.seconds(30) },
      'maxWaitTime is 30 seconds, expected at least waitTime (60 seconds)',
    ],
    [
      'a stalledAfter of less than a minute',
      { stalledAfter: Duration.seconds(59) },
      'stalledAfter is 59 seconds, expected at least one minute.',
    ],
    [
      'a pollInterval of zero',
      { pollInterval: Duration.seconds(0) },
      'pollInterval is 0 seconds, expected 1 second to 12 hours.',
    ],
    [
      'a sweepInterval that is not a whole number of minutes',
      { sweepInterval: Duration.seconds(90) },
      'sweepInterval is 90 seconds, expected whole minutes, at least one.',
    ],
    [
      'a sweepInterval of zero',
      { sweepInterval: Duration.seconds(0) },
      'sweepInterval is 0 seconds, expected whole minutes',
    ],
    [
      'an event type that S3 does not send to EventBridge',
      { bucketEvents: [{ eventType: EventType.REPLICATION }] },
      'bucketEvents[0].eventType is "s3:Replication:*", which S3 does not send to EventBridge, expected ' +
        'one of s3:ObjectCreated:*, s3:ObjectCreated:Put,',
    ],
    [
      'two prefixes in one bucket event',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'a/' }, { prefix: 'b/' }] }] },
      'bucketEvents[0]: keyFilters has 2 prefixes ("a/", "b/"), expected at most one. Add one bucket event for each.',
    ],
    [
      'two suffixes in one bucket event',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ suffix: '.a' }, { suffix: '.b' }] }] },
      'bucketEvents[0]: keyFilters has 2 suffixes (".a", ".b")',
    ],
    [
      'a key filter without prefix and suffix',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{}] }] },
      'bucketEvents[0]: a key filter has neither prefix nor suffix. Set one, or omit keyFilters to match all keys.',
    ],
    [
      'models and events without a source',
      { model: { primaryContainer: { image } } },
      'There is no source to watch: no model has a readable modelDataUrl or s3DataSource, and no bucket ' +
        'event has a prefix. Write the URL as s3://<bucket>/<key>, or add a prefix to keyFilters.',
    ],
    [
      'model data URLs that are not S3 URLs',
      { model: { primaryContainer: { image, modelDataUrl: 'https://models.example.com/m.tar.gz' } } },
      'There is no source to watch: no model has a readable modelDataUrl or s3DataSource (modelDataUrl in ' +
        'primaryContainer of model "Model1" is "https://models.example.com/m.tar.gz", expected ' +
        's3://<bucket>/<key>',
    ],
  ])('%s', (_, changes, text) => {
    const problems = problemsOf(changes);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.slice(0, text.length)).toBe(text);
  });

  test.each([
    ['account', { account: '111111111111', region: 'eu-west-1' }],
    ['region', { account: '222222222222', region: 'us-east-1' }],
  ])('a refresher in another %s', (part, env) => {
    const app = newApp();
    const refresher = new Refresher(new Stack(app, 'Shared', { env }), 'Refresher');
    const stack = new Stack(app, 'Test', { env: { account: '222222222222', region: 'eu-west-1' } });
    const model = { executionRoleArn: undefined };
    const [problem] = problemsOf({ refresher, model }, stack);
    expect(problem).toContain(`The refresher "Shared/Refresher" is in ${part} `);
  });

  test('all problems in one error', () => {
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

  test('before it creates any resource', () => {
    const stack = newStack();
    newBucket(stack);
    problemsOf({ waitTime: Duration.days(1) }, stack);
    expect(stack.node.findChild('Iris').node.children).toEqual([]);
    expect(stack.node.tryFindChild('FreshpointRefresher')).toBeUndefined();
  });
});

describe('accepts', () => {
  test.each<[string, Changes]>([
    ['equal names', { config: { endpointConfigName: 'iris' }, model: { modelName: 'iris' } }],
    [
      'names that are tokens',
      {
        config: { endpointConfigName: Aws.STACK_NAME },
        endpoint: { endpointConfigName: 'iris', endpointName: Fn.ref('Name') },
      },
    ],
    ['a config name in endpointProps only', { endpoint: { endpointConfigName: 'anything' } }],
    ['a model name that is too long, because it is shortened', { model: { modelName: 'x'.repeat(100) } }],
    ['an empty list of events', { bucketEvents: [] }],
    ['the longest waitTime', { waitTime: Duration.hours(12), maxWaitTime: Duration.hours(12) }],
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
