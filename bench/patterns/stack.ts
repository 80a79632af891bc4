import { SagemakerEndpoint } from '@freshpoint/cdk';
import { DATA_STACK, ENDPOINT_NAME, ENDPOINT_STACK, type Layout } from '@freshpoint/simulation/worlds/layout';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';

/** Seconds that every approach waits after an upload, where it waits. */
export const WAIT_TIME = 60;
/** Longer than any run: what the sweep would mend counts as lost. */
const SWEEP_HOURS = 24;
const PREFIX = 'model/';

/** A stack with one endpoint whose model is so many files: one archive, or a prefix. As `cdk synth` makes it, defaults kept. */
export function synthesizeEndpoint(files: number): Layout {
  const app = new App({ analyticsReporting: false });
  const data = new Stack(app, DATA_STACK);
  const bucket = new Bucket(data, 'Models', { eventBridgeEnabled: true });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });
  const stack = new Stack(app, ENDPOINT_STACK);
  const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  bucket.grantRead(role);
  const keys =
    files === 1
      ? [`${PREFIX}model.tar.gz`]
      : Array.from({ length: files }, (_, file) => `${PREFIX}${String(file).padStart(4, '0')}`);
  const s3DataSource = {
    s3Uri: `s3://${bucket.bucketName}/${PREFIX}`,
    s3DataType: 'S3Prefix',
    compressionType: 'None',
  };
  const modelData =
    files === 1 ? { modelDataUrl: `s3://${bucket.bucketName}/${keys[0]}` } : { modelDataSource: { s3DataSource } };
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsProps: [
      {
        props: {
          executionRoleArn: role.roleArn,
          primaryContainer: { image: '000000000000.dkr.ecr.us-east-1.amazonaws.com/bench:1', ...modelData },
        },
      },
    ],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: ENDPOINT_NAME, endpointConfigName: 'bench' },
    modelsBucket: bucket,
    ...(files > 1 && { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: PREFIX }] }] }),
    waitTime: Duration.seconds(WAIT_TIME),
    sweepInterval: Duration.hours(SWEEP_HOURS),
  });
  for (const model of endpoint.models) model.node.addDependency(role);
  const assembly = app.synth();
  const template = assembly.getStackByName(ENDPOINT_STACK).template as object;
  return {
    name: `${files} files`,
    keys,
    waitTime: WAIT_TIME,
    pollInterval: 30,
    sweepInterval: SWEEP_HOURS * 3600,
    isPerSlot: files === 1,
    isTested: false,
    bucketStack: assembly.getStackByName(DATA_STACK).template as object,
    // The simulation deploys changes of it; nothing is deployed here but the stack as it begins.
    editions: { first: template, models: template, configs: template, settings: template, failing: template },
  };
}
