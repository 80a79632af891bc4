import { ModelData, SagemakerEndpoint, type SagemakerEndpointProps } from '@freshpoint/cdk';
import {
  DATA_STACK,
  EDITIONS,
  ENDPOINT_ID,
  ENDPOINT_NAME,
  ENDPOINT_STACK,
  type EndpointLayout,
  type Layout,
} from '@freshpoint/simulation/worlds/layout';
import { synthesizedTemplates } from '@freshpoint/simulation/worlds/synthesize';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';

/** How long every approach waits after an upload, where it waits, in seconds. */
export const WAIT_TIME_SECONDS = 60;
/** The construct's default, in seconds. */
export const POLL_INTERVAL_SECONDS = 300;
/** Longer than any run, in hours: an upload that only the sweep would find counts as lost. */
const RARE_SWEEP_HOURS = 24;
const PREFIX = 'model/';

/**
 * What the models load: `default`, as the construct does it; `inPlace`, the uploaded objects themselves, as a function
 * needs it that swaps configs and copies nothing.
 */
export type DataOption = 'default' | 'inPlace';

/** A stack with one endpoint whose model is one archive, or a prefix of `files` files. As `cdk synth` makes it. */
export function synthesizeEndpoint(files: number, data: DataOption, sweepHours = RARE_SWEEP_HOURS): Layout {
  const app = new App({ analyticsReporting: false });
  const dataStack = new Stack(app, DATA_STACK);
  const bucket = new Bucket(dataStack, 'Models', { eventBridgeEnabled: true });
  new CfnOutput(dataStack, 'BucketName', { value: bucket.bucketName });
  const stack = new Stack(app, ENDPOINT_STACK);
  const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  bucket.grantRead(role);
  const keys = keysOf(files);
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsProps: [{ props: { executionRoleArn: role.roleArn, primaryContainer: containerOf(bucket, keys) } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: ENDPOINT_NAME, endpointConfigName: 'bench' },
    modelsBucket: bucket,
    ...(files > 1 && { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: PREFIX }] }] }),
    ...(data === 'inPlace' && { modelData: ModelData.inPlace() }),
    waitTime: Duration.seconds(WAIT_TIME_SECONDS),
    pollInterval: Duration.seconds(POLL_INTERVAL_SECONDS),
    sweepInterval: Duration.hours(sweepHours),
  });
  for (const model of endpoint.models) model.node.addDependency(role);
  const templates = synthesizedTemplates(app);
  const template = templates[ENDPOINT_STACK] ?? {};
  const sources = { keys, ...(files > 1 && { prefix: PREFIX }) };
  const declared: EndpointLayout = {
    endpointName: ENDPOINT_NAME,
    id: ENDPOINT_ID,
    sources,
    otherSources: sources,
    waitTime: WAIT_TIME_SECONDS,
    pollInterval: POLL_INTERVAL_SECONDS,
    sweepInterval: sweepHours * 3600,
    ...(data === 'default' && { slotData: 'all' }),
    isTested: false,
  };
  return {
    name: `${files} files`,
    endpoint: declared,
    second: declared,
    bucketStack: templates[DATA_STACK] ?? {},
    // The simulation deploys changes of it; nothing is deployed here but the stack as it begins.
    editions: Object.fromEntries(EDITIONS.map((edition) => [edition, template])) as Layout['editions'],
  };
}

function keysOf(files: number): string[] {
  if (files === 1) return [`${PREFIX}model.tar.gz`];
  return Array.from({ length: files }, (_, file) => `${PREFIX}${String(file).padStart(4, '0')}.tar.gz`);
}

type PrimaryContainer = NonNullable<SagemakerEndpointProps['modelsProps'][number]['props']['primaryContainer']>;

function containerOf(bucket: Bucket, keys: readonly string[]): PrimaryContainer {
  const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/bench:1';
  if (keys.length === 1) return { image, modelDataUrl: `s3://${bucket.bucketName}/${keys[0]}` };
  const s3DataSource = {
    s3Uri: `s3://${bucket.bucketName}/${PREFIX}`,
    s3DataType: 'S3Prefix',
    compressionType: 'None',
  };
  return { image, modelDataSource: { s3DataSource } };
}
