import { SagemakerEndpoint } from '@freshpoint/cdk';
import type { FirstModelProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';

/** One stack with a bucket for the models, one for requests and answers, and an endpoint that scales to zero. */
export function asyncApp(props: FirstModelProps = {}): App {
  const { firstModel = 'model.tar.gz', outdir, waitTime, pollInterval } = props;
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Async');
  const [models, requests] = ['Models', 'Requests'].map((id) => {
    const bucket = new Bucket(stack, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    new CfnOutput(stack, `${id}Name`, { value: bucket.bucketName });
    return bucket;
  }) as [Bucket, Bucket];
  requests.addLifecycleRule({ expiration: Duration.days(7) });

  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: models,
    modelsProps: [
      {
        props: { primaryContainer: scikitLearnContainer(stack, models.s3UrlForObject('iris/model.tar.gz')) },
        initialModelData: new Asset(stack, 'FirstModel', { path: firstModel }),
      },
    ],
    endpointConfigProps: {
      asyncInferenceConfig: {
        outputConfig: {
          s3OutputPath: requests.s3UrlForObject('answers/'),
          s3FailurePath: requests.s3UrlForObject('failures/'),
        },
      },
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: 'iris-async', endpointConfigName: 'iris-async' },
    waitTime,
    pollInterval,
  });
  // SageMaker reads the requests as the model's role, which the construct lets write the answers.
  if (endpoint.executionRole) requests.grantRead(endpoint.executionRole, 'requests/*');
  endpoint.autoScale('AllTraffic', { min: 0, max: 4, backlogPerInstance: 5 });
  return app;
}
