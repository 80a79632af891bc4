// A user's app, with what such apps have beside an endpoint. Synthesized by `cdk`, in a folder of its own.
import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';

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
new Topic(shop, 'News');
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
