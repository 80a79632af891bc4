import { Expect, ModelData, SagemakerEndpoint, type SagemakerEndpointProps } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';

/** What is deployed when: the stack as it begins, and changes of it. */
export type Edition =
  | 'first'
  /** Another container environment: new models, new configs, the endpoint moves. */
  | 'models'
  /** Another instance type: new configs, the endpoint moves. */
  | 'configs'
  /** Only what the loop is told: waitTime, pollInterval. */
  | 'settings'
  /** As `models`, but a resource that comes after the endpoint fails: the endpoint moves and moves back. */
  | 'failing';

/** One way to lay out sources and settings. */
export interface Layout {
  readonly name: string;
  /** Keys that the models load. */
  readonly keys: readonly string[];
  /** In seconds; of the edition `first`. */
  readonly waitTime: number;
  readonly maxWaitTime?: number;
  readonly pollInterval: number;
  readonly sweepInterval: number;
  /** Each slot's models load copies of their own. */
  readonly isPerSlot: boolean;
  /** The endpoint has to answer a smoke test after each refresh. */
  readonly isTested: boolean;
  readonly editions: Readonly<Record<Edition, object>>;
  readonly bucketStack: object;
}

export const DATA_STACK = 'Data';
export const ENDPOINT_STACK = 'Serving';
export const ENDPOINT_NAME = 'Iris';
/** The endpoint's id: stack and construct. */
export const ENDPOINT_ID = `${ENDPOINT_STACK}/Endpoint`;
export const VARIANT = 'AllTraffic';

interface Given {
  readonly name: string;
  readonly keys: readonly string[];
  readonly prefix?: string;
  readonly waitTime: number;
  readonly maxWaitTime?: number;
  readonly pollInterval: number;
  readonly sweepInterval: number;
  readonly canary?: boolean;
  readonly inPlace?: boolean;
  readonly tested?: boolean;
}

const LAYOUTS: readonly Given[] = [
  { name: 'one file', keys: ['models/iris.tar.gz'], waitTime: 60, pollInterval: 30, sweepInterval: 3600 },
  {
    name: 'two files, canary, smoke test',
    keys: ['a/model.tar.gz', 'b/model.tar.gz'],
    waitTime: 30,
    pollInterval: 15,
    sweepInterval: 1800,
    canary: true,
    tested: true,
  },
  {
    name: 'a prefix',
    keys: ['tree/0', 'tree/1', 'tree/2', 'tree/3', 'tree/4', 'tree/5'],
    prefix: 'tree/',
    waitTime: 90,
    maxWaitTime: 420,
    pollInterval: 30,
    sweepInterval: 1800,
  },
  {
    name: 'two files in place, canary',
    keys: ['a/model.tar.gz', 'b/model.tar.gz'],
    waitTime: 30,
    pollInterval: 15,
    sweepInterval: 1800,
    canary: true,
    inPlace: true,
  },
];

/** Every layout's templates, as `cdk synth` makes them. Takes seconds: once per process. */
export function synthesize(): Layout[] {
  return LAYOUTS.map((given) => {
    const editions = ['first', 'models', 'configs', 'settings', 'failing'] as const;
    const templates = editions.map((edition) => ({ edition, ...synthesizeEdition(given, edition) }));
    const { name, keys, waitTime, maxWaitTime, pollInterval, sweepInterval } = given;
    return {
      name,
      keys,
      waitTime,
      maxWaitTime,
      pollInterval,
      sweepInterval,
      isPerSlot: !given.inPlace && given.prefix === undefined,
      isTested: given.tested === true,
      bucketStack: templates[0]!.bucket,
      editions: Object.fromEntries(templates.map(({ edition, serving }) => [edition, serving])) as Layout['editions'],
    };
  });
}

function synthesizeEdition(given: Given, edition: Edition): { bucket: object; serving: object } {
  const app = new App({ analyticsReporting: false });
  const data = new Stack(app, DATA_STACK);
  const bucket = new Bucket(data, 'Models', { eventBridgeEnabled: true });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });
  const stack = new Stack(app, ENDPOINT_STACK);
  const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  bucket.grantRead(role);
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', propsOf(given, edition, bucket, role.roleArn));
  for (const model of endpoint.models) model.node.addDependency(role);
  if (edition === 'failing') {
    const failing = new CfnParameter(stack, 'Failing', { type: 'String', value: 'ok', allowedPattern: '^never$' });
    failing.node.addDependency(endpoint.endpoint);
  }
  const assembly = app.synth();
  return {
    bucket: assembly.getStackByName(DATA_STACK).template as object,
    serving: assembly.getStackByName(ENDPOINT_STACK).template as object,
  };
}

function propsOf(given: Given, edition: Edition, bucket: IBucket, executionRoleArn: string): SagemakerEndpointProps {
  const moved = edition === 'models' || edition === 'failing';
  const environment = moved ? { EDITION: edition } : undefined;
  const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/iris:1';
  const s3DataSource = {
    s3Uri: `s3://${bucket.bucketName}/${given.prefix}`,
    s3DataType: 'S3Prefix',
    compressionType: 'None',
  };
  const containers = given.prefix
    ? [{ image, environment, modelDataSource: { s3DataSource } }]
    : given.keys.map((key) => ({ image, environment, modelDataUrl: `s3://${bucket.bucketName}/${key}` }));
  const longer = edition === 'settings' ? 10 : 0;
  const { prefix } = given;
  return {
    modelsProps: [
      {
        props: {
          executionRoleArn,
          ...(containers.length === 1 ? { primaryContainer: containers[0] } : { containers }),
        },
      },
    ],
    endpointConfigProps: {
      productionVariants: [
        {
          variantName: VARIANT,
          instanceType: edition === 'configs' ? 'ml.m5.xlarge' : 'ml.m5.large',
          initialInstanceCount: 2,
        },
      ],
    },
    endpointProps: {
      endpointName: ENDPOINT_NAME,
      endpointConfigName: 'iris',
      // A person's or autoscaling's counts outlive deployments too.
      retainAllVariantProperties: true,
      ...(given.canary && {
        deploymentConfig: {
          blueGreenUpdatePolicy: {
            trafficRoutingConfiguration: {
              type: 'CANARY',
              canarySize: { type: 'CAPACITY_PERCENT', value: 50 },
              waitIntervalInSeconds: 120,
            },
          },
        },
      }),
    },
    modelsBucket: bucket,
    ...(given.inPlace && { modelData: ModelData.inPlace() }),
    ...(given.tested && {
      smokeTests: [{ payload: '1', contentType: 'text/csv', expect: Expect.json({ ok: true }) }],
    }),
    ...(prefix && {
      bucketEvents: [EventType.OBJECT_CREATED, EventType.OBJECT_REMOVED].map((eventType) => ({
        eventType,
        keyFilters: [{ prefix }],
      })),
    }),
    waitTime: Duration.seconds(given.waitTime + longer),
    ...(given.maxWaitTime && { maxWaitTime: Duration.seconds(given.maxWaitTime) }),
    pollInterval: Duration.seconds(given.pollInterval + longer),
    sweepInterval: Duration.seconds(given.sweepInterval),
  };
}
