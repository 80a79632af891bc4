// A user's app, with what such apps have beside an endpoint. Synthesized by `cdk`, in a folder of its own.
import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, CustomResource, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  PhysicalResourceId,
  Provider,
} from 'aws-cdk-lib/custom-resources';

const app = new App();
const data = new Stack(app, 'Data');
const models = new Bucket(data, 'Models', {
  autoDeleteObjects: true,
  eventBridgeEnabled: true,
  removalPolicy: RemovalPolicy.DESTROY,
});
new CfnOutput(data, 'BucketName', { value: models.bucketName });

const shop = new Stack(app, 'Shop');
shop.addDependency(data);
// As later versions of the library write a weak reference between stacks.
const bucketName = Token.asString({
  'Fn::GetStackOutput': { StackName: 'Data', OutputName: 'BucketName', Region: { Ref: 'AWS::Region' } },
});
const modelsBucket = Bucket.fromBucketName(shop, 'Models', bucketName);
new Vpc(shop, 'Network', { maxAzs: 1, natGateways: 0 });
new Dashboard(shop, 'Board');
const news = new Topic(shop, 'News');
new Rule(shop, 'Nightly', { schedule: Schedule.cron({ hour: '3', minute: '0' }), targets: [new SnsTopic(news)] });
new Queue(shop, 'InOrder', { fifo: true });
// Functions of CDK itself, which respond to CloudFormation in their own way.
new AwsCustomResource(shop, 'Looked', {
  onUpdate: {
    service: 'SSM',
    action: 'getParameter',
    parameters: { Name: '/cdk-bootstrap/hnb659fds/version' },
    physicalResourceId: PhysicalResourceId.of('looked'),
  },
  policy: AwsCustomResourcePolicy.fromSdkCalls({ resources: AwsCustomResourcePolicy.ANY_RESOURCE }),
});
const code = Code.fromInline('exports.handler = async () => ({ Data: { Answer: "42" } });');
const onEventHandler = new Function(shop, 'OnEvent', { runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code });
const { serviceToken } = new Provider(shop, 'Provider', { onEventHandler });
const custom = new CustomResource(shop, 'Custom', { serviceToken });
new CfnOutput(shop, 'Answer', { value: custom.getAttString('Answer') });
const modelDataUrl = modelsBucket.s3UrlForObject(app.node.tryGetContext('key') ?? 'model.tar.gz');
const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1';
const initialInstanceCount = Number(app.node.tryGetContext('instances') ?? 1);
new SagemakerEndpoint(shop, 'Endpoint', {
  modelsBucket,
  waitTime: Duration.seconds(1),
  modelsProps: [{ props: { primaryContainer: { image, modelDataUrl } } }],
  endpointConfigProps: {
    productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount }],
  },
  endpointProps: { endpointName: 'shop', endpointConfigName: 'shop', retainAllVariantProperties: false },
});
