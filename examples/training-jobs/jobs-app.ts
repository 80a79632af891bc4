import { ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import type { ExampleProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';

/** Two stacks: `JobsData` with the bucket of the training jobs' output, deployed first, and `Jobs`. */
export function jobsApp({ outdir, waitTime, pollInterval }: ExampleProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'JobsData');
  const bucket = new Bucket(data, 'Output', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  // A job with the output path s3://<bucket>/churn/ writes churn/<job name>/output/model.tar.gz.
  const newest = ModelSource.newestBelow(bucket, { prefix: 'churn/', suffix: '/output/model.tar.gz' });
  const stack = new Stack(app, 'Jobs');
  new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [{ props: { primaryContainer: scikitLearnContainer(stack, newest.modelDataUrl) } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'churn', endpointConfigName: 'churn' },
    waitTime,
    pollInterval,
  });
  return app;
}
