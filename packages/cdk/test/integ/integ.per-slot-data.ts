/*
 * Deploys an endpoint with data per slot to a real account, and checks that it is InService. It needs an image `iris:1`
 * in the account's registry that serves model.tar.gz. It has not run yet; the snapshot is compared in the gate.
 */

import { ExpectedResult, IntegTest } from '@aws-cdk/integ-tests-alpha';
import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';

const app = new App();
const stack = new Stack(app, 'FreshpointPerSlotData');
const bucket = new Bucket(stack, 'Models', { removalPolicy: RemovalPolicy.DESTROY, autoDeleteObjects: true });
const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
  modelsBucket: bucket,
  modelsProps: [
    {
      props: {
        primaryContainer: {
          image: `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/iris:1`,
          modelDataUrl: bucket.s3UrlForObject('iris/model.tar.gz'),
        },
      },
      initialModelData: new Asset(stack, 'FirstModel', { path: `${import.meta.dirname}/model.tar.gz` }),
    },
  ],
  endpointConfigProps: {
    productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
  },
  endpointProps: { endpointConfigName: 'freshpoint-integ' },
});

const integ = new IntegTest(app, 'PerSlotData', { testCases: [stack] });
integ.assertions
  .awsApiCall('SageMaker', 'DescribeEndpoint', { EndpointName: endpoint.attrEndpointName })
  .expect(ExpectedResult.objectLike({ EndpointStatus: 'InService' }));
