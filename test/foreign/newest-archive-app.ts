import { Expect, ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';

/** A stack `Newest` with an endpoint of that name, which serves the newest archive below `training/`, smoke tested. */
export function newestArchiveApp(outdir: string, bucketName: string): App {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Newest');
  const bucket = Bucket.fromBucketName(stack, 'Models', bucketName);
  const { modelDataUrl } = ModelSource.newestBelow(bucket, { prefix: 'training/' });
  new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [{ props: { primaryContainer: { image: 'models:1', modelDataUrl } } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'All', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: 'Newest', endpointConfigName: 'any' },
    smokeTests: [{ payload: '[]', contentType: 'application/json', expect: Expect.contains('"name":"v') }],
    waitTime: Duration.seconds(1),
    pollInterval: Duration.seconds(1),
  });
  return app;
}
