import { SagemakerEndpoint } from '@freshpoint/cdk';
import type { FirstModelProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { NAMES } from './names.ts';

/** Settings of the endpoint. */
export interface IrisSettings {
  /** @default 2 */
  readonly instanceCount?: number;
  /** Environment variables of the model's container, besides those that it needs. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Settings of the app. */
export interface IrisAppProps extends IrisSettings, FirstModelProps {}

/** One stack with a bucket for the models, and the endpoint that serves them. */
export function irisApp(props: IrisAppProps = {}): App {
  const { firstModel = 'model.tar.gz', instanceCount = 2, environment, outdir, waitTime, pollInterval } = props;
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, NAMES.stack);
  const bucket = new Bucket(stack, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    // A first deployment that fails leaves nothing behind; later, the models stay.
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  const container = scikitLearnContainer(stack, bucket.s3UrlForObject(NAMES.modelKey));
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [
      {
        props: { primaryContainer: { ...container, environment: { ...container.environment, ...environment } } },
        initialModelData: new Asset(stack, 'FirstModel', { path: firstModel }),
      },
    ],
    endpointConfigProps: {
      endpointConfigName: 'iris',
      productionVariants: [
        { variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: instanceCount },
      ],
    },
    endpointProps: { endpointName: 'Iris', endpointConfigName: 'iris' },
    waitTime,
    pollInterval,
  });
  new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });
  new CfnOutput(stack, 'EndpointName', { value: endpoint.attrEndpointName });
  return app;
}
