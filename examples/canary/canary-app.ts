import { EndpointDashboard, Expect, GuardedDeployment, Refresher, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IrisAppProps } from './iris-app.ts';
import { NAMES } from './names.ts';

/** Settings of the app. */
export interface GuardedAppProps extends IrisAppProps {
  /** Path of the first model.tar.gz, so that one deployment is enough. */
  readonly firstModel: string;
}

/** One stack with what an endpoint in production needs: canaries, smoke tests, notifications, scaling, a dashboard. */
export function guardedApp({ firstModel, outdir, waitTime, pollInterval }: GuardedAppProps): App {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'IrisGuarded');
  const bucket = new Bucket(stack, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });

  const onCall = new Topic(stack, 'OnCall', { enforceSSL: true });
  // Your image: a container that serves the model archive.
  const image = `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/iris:1`;
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [
      {
        props: { primaryContainer: { image, modelDataUrl: bucket.s3UrlForObject(NAMES.modelKey) } },
        initialModelData: new Asset(stack, 'FirstModel', { path: firstModel }),
      },
    ],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'iris-guarded', endpointConfigName: 'iris-guarded' },
    // A model that starts and answers wrongly is rolled back, too.
    smokeTests: [{ payload: '[5.1,3.5,1.4,0.2]', contentType: 'application/json', expect: Expect.contains('v') }],
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
