import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';

/** Settings of the app. */
export interface PipelineAppProps {
  /** Folder of the cloud assembly. @default cdk.out with the CDK CLI, else a temporary folder */
  readonly outdir?: string;
  /** Least age of an upload before it is served. @default the construct's */
  readonly waitTime?: Duration;
  /** How often to poll the endpoint while it is updating. @default the construct's */
  readonly pollInterval?: Duration;
}

/** Two stacks: `PipelineData` with the bucket, deployed first so that the models can be uploaded, and `Pipeline`. */
export function pipelineApp({ outdir, waitTime, pollInterval }: PipelineAppProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'PipelineData');
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    eventBridgeEnabled: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  // Your images: one prepares what callers send, the other predicts from its answer.
  const containers = ['features', 'ranking'].map((name) => ({
    image: `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/${name}:1`,
    modelDataUrl: bucket.s3UrlForObject(`${name}.tar.gz`),
  }));
  new SagemakerEndpoint(new Stack(app, 'Pipeline'), 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [{ props: { containers } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'ranking', endpointConfigName: 'ranking' },
    // Written last, so that no archive is served with the other's previous one.
    marker: '_SUCCESS',
    waitTime,
    pollInterval,
  });
  return app;
}
