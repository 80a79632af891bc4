import { EndpointDashboard, Expect, GuardedDeployment, Refresher, SagemakerEndpoint } from '@freshpoint/cdk';
import type { FirstModelProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Topic } from 'aws-cdk-lib/aws-sns';

/** One stack with what an endpoint in production needs: canaries, smoke tests, notifications, scaling, a dashboard. */
export function canaryApp(props: FirstModelProps = {}): App {
  const { firstModel = 'model.tar.gz', outdir, waitTime, pollInterval } = props;
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Canary');
  const bucket = new Bucket(stack, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });

  const onCall = new Topic(stack, 'OnCall', { enforceSSL: true });
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [
      {
        props: { primaryContainer: scikitLearnContainer(stack, bucket.s3UrlForObject('iris/model.tar.gz')) },
        initialModelData: new Asset(stack, 'FirstModel', { path: firstModel }),
      },
    ],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'iris-canary', endpointConfigName: 'iris-canary' },
    // A model that starts and answers wrongly is rolled back, too.
    smokeTests: [{ payload: '5.1,3.5,1.4,0.2', contentType: 'text/csv', expect: Expect.contains('setosa') }],
    // A tenth of the traffic for five minutes; too many errors of the new fleet end the update.
    guardedDeployment: GuardedDeployment.canary({ percent: 10, bakeTime: Duration.minutes(5) }),
    refresher: new Refresher(stack, 'Refresher', { notify: [onCall] }),
    waitTime,
    pollInterval,
  });
  endpoint.notify(onCall);
  endpoint.autoScale('AllTraffic', { min: 2, max: 8, invocationsPerInstance: 300 });
  new EndpointDashboard(stack, 'Dashboard', { endpoints: [endpoint] });
  return app;
}
