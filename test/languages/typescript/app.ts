import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';

const app = new App({ analyticsReporting: false });

const data = new Stack(app, 'UsageData');
const bucket = new Bucket(data, 'Models');
new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

const stack = new Stack(app, 'Usage');
const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
bucket.grantRead(role);
role.addToPolicy(
  new PolicyStatement({
    actions: [
      'cloudwatch:PutMetricData',
      'ecr:GetAuthorizationToken',
      'ecr:BatchCheckLayerAvailability',
      'ecr:GetDownloadUrlForLayer',
      'ecr:BatchGetImage',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'logs:CreateLogGroup',
      'logs:DescribeLogStreams',
    ],
    resources: ['*'],
  }),
);

new SagemakerEndpoint(stack, 'Endpoint', {
  endpointProps: { endpointName: 'usage', endpointConfigName: 'usage' },
  endpointConfigProps: {
    productionVariants: [
      { variantName: 'AllTraffic', modelName: 'Iris', instanceType: 'ml.m5.large', initialInstanceCount: 1 },
    ],
  },
  modelsProps: [
    {
      props: {
        executionRoleArn: role.roleArn,
        primaryContainer: {
          image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/iris:1',
          modelDataUrl: `s3://${bucket.bucketName}/iris/model.tar.gz`,
        },
      },
      customId: 'Iris',
    },
  ],
  modelsBucket: bucket,
  bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'iris/', suffix: '.tar.gz' }] }],
  waitTime: Duration.seconds(1),
});

app.synth();
