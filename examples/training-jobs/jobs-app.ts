import { ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';

/** Settings of the app. */
export interface JobsAppProps {
  /** Folder of the cloud assembly. @default cdk.out with the CDK CLI, else a temporary folder */
  readonly outdir?: string;
  /** Least age of an upload before it is served. @default the construct's */
  readonly waitTime?: Duration;
  /** How often to poll the endpoint while it is updating. @default the construct's */
  readonly pollInterval?: Duration;
}

/** Two stacks: `JobsData` with the bucket of the training jobs' output, deployed first, and `Jobs`. */
export function jobsApp({ outdir, waitTime, pollInterval }: JobsAppProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'JobsData');
  const bucket = new Bucket(data, 'Output', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    eventBridgeEnabled: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  // A job with the output path s3://<bucket>/churn/ writes churn/<job name>/output/model.tar.gz.
  const newest = ModelSource.newestBelow(bucket, { prefix: 'churn/', suffix: '/output/model.tar.gz' });
  // Your image: a container that serves the model archive.
  const image = `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/churn:1`;
  new SagemakerEndpoint(new Stack(app, 'Jobs'), 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [{ props: { primaryContainer: { image, modelDataUrl: newest.modelDataUrl } } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'churn', endpointConfigName: 'churn' },
    waitTime,
    pollInterval,
  });
  return app;
}
