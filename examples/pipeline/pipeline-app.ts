import { SagemakerEndpoint } from '@freshpoint/cdk';
import type { ExampleProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';

/** Two stacks: `PipelineData` with the bucket, deployed first so that models can be uploaded, and `Pipeline`. */
export function pipelineApp({ outdir, waitTime, pollInterval }: ExampleProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'PipelineData');
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, 'Pipeline');
  // Each container gets the answer of the one before.
  const containers = ['features', 'ranking', 'texts'].map((containerHostname) => ({
    ...scikitLearnContainer(stack, bucket.s3UrlForObject(`${containerHostname}.tar.gz`)),
    containerHostname,
  }));
  new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [{ props: { containers } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'ranking', endpointConfigName: 'ranking' },
    // Written last, so that no archive is served with the others' previous ones.
    marker: '_SUCCESS',
    waitTime,
    pollInterval,
  });
  return app;
}
