import { SagemakerEndpoint } from '@freshpoint/cdk';
import type { FirstModelProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';

/** One stack with a bucket for the models, and a serverless endpoint: it costs nothing while it is idle. */
export function serverlessApp(props: FirstModelProps = {}): App {
  const { firstModel = 'model.tar.gz', outdir, waitTime, pollInterval } = props;
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Serverless');
  const bucket = new Bucket(stack, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });

  new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [
      {
        props: { primaryContainer: scikitLearnContainer(stack, bucket.s3UrlForObject('iris/model.tar.gz')) },
        initialModelData: new Asset(stack, 'FirstModel', { path: firstModel }),
      },
    ],
    endpointConfigProps: {
      productionVariants: [
        { variantName: 'AllTraffic', serverlessConfig: { memorySizeInMb: 2048, maxConcurrency: 5 } },
      ],
    },
    endpointProps: { endpointName: 'iris-serverless', endpointConfigName: 'iris-serverless' },
    waitTime,
    pollInterval,
  });
  return app;
}
