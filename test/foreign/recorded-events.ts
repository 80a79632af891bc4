import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { modelArchive } from './model-archive.ts';
import { BUCKET } from './sources-app.ts';

/** An event as EventBridge delivers it. */
export interface DeliveredEvent {
  readonly 'detail-type': string;
  readonly detail: {
    readonly reason?: string;
    readonly bucket?: { readonly name: string };
    readonly object?: { readonly key: string };
    readonly EndpointName?: string;
    readonly EndpointStatus?: string;
    readonly ModelPackageGroupName?: string;
    readonly ModelApprovalStatus?: string;
  };
}

type Call = (service: string, operation: string, input: object) => Promise<Record<string, string>>;

/** The last event that is caused, by whose arrival all have arrived. */
const LAST_KEY = 'last';
const STATUS_INTERVAL_MS = 50;

/** What the local runtime sends to EventBridge when models are uploaded, registered and served in all ways. */
export async function recordedEvents(stateDir: string): Promise<DeliveredEvent[]> {
  const runtime = await startLocalRuntime({ stateDir });
  try {
    const { partition, accountId } = runtime.account;
    const root = { arn: `arn:${partition}:iam::${accountId}:root` };
    const call: Call = (service, operation, input) => runtime.cloud.call(service, operation, input, root);
    const QueueUrl = await queueOfAllEvents(runtime, call);
    await changeObjects(call);
    await changePackages(call);
    for (const name of ['archive', 'other']) await changeEndpoint(call, name);
    await call('s3', 'PutObject', { Bucket: BUCKET, Key: LAST_KEY, Body: Buffer.from('.') });
    return await received(call, QueueUrl);
  } finally {
    await runtime.stop();
  }
}

async function queueOfAllEvents({ account }: LocalRuntime, call: Call): Promise<string | undefined> {
  const Arn = `arn:${account.partition}:sqs:${account.region}:${account.accountId}:all`;
  const Principal = { Service: 'events.amazonaws.com' };
  const statement = { Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource: Arn };
  const Attributes = { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) };
  const { QueueUrl } = await call('sqs', 'CreateQueue', { QueueName: 'all', Attributes });
  const EventPattern = JSON.stringify({ source: [{ prefix: 'aws.' }] });
  await call('events', 'PutRule', { Name: 'all', EventPattern });
  await call('events', 'PutTargets', { Rule: 'all', Targets: [{ Id: 'queue', Arn }] });
  return QueueUrl;
}

async function received(call: Call, QueueUrl: string | undefined): Promise<DeliveredEvent[]> {
  const events: DeliveredEvent[] = [];
  while (events.at(-1)?.detail.object?.key !== LAST_KEY) {
    const request = { QueueUrl, WaitTimeSeconds: 20 };
    const { Messages = [] } = (await call('sqs', 'ReceiveMessage', request)) as { Messages?: { Body: string }[] };
    events.push(...Messages.map(({ Body }) => JSON.parse(Body)));
  }
  return events;
}

async function changeObjects(call: Call): Promise<void> {
  const Body = await modelArchive('v1');
  for (const Bucket of [BUCKET, 'elsewhere']) {
    await call('s3', 'CreateBucket', { Bucket });
    const NotificationConfiguration = { EventBridgeConfiguration: {} };
    await call('s3', 'PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration });
    await call('s3', 'PutObject', { Bucket, Key: 'iris/model.tar.gz', Body });
  }
  const keys = [
    'iris/model.tar',
    'training/1/output/model.tar.gz',
    'training/output/model.tar.gz',
    'training/1/model.tar.gz',
    'other/training/1/output/model.tar.gz',
    'a*b\\c/m.tar.gz',
    'a*b\\c/m.tar/1.tar.gz',
    'aXb\\c/m.tar/1.tar.gz',
    'current.txt',
    'current.txt.bak',
    'llm/weights é %20+.bin',
    'llm/_SUCCESS',
    'llm',
    'copies/put.bin',
    'put.parts',
  ];
  const Bucket = BUCKET;
  for (const Key of keys) await call('s3', 'PutObject', { Bucket, Key, Body });
  for (const Key of ['copies/1.bin', 'other/1.bin']) {
    await call('s3', 'CopyObject', { Bucket, Key, CopySource: `${Bucket}/iris/model.tar.gz` });
  }
  const Key = 'whole.parts';
  const { UploadId } = await call('s3', 'CreateMultipartUpload', { Bucket, Key });
  const { ETag } = await call('s3', 'UploadPart', { Bucket, Key, UploadId, PartNumber: 1, Body });
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  await call('s3', 'CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload });
  const tagged = { Bucket, Key: 'put.parts', Tagging: { TagSet: [{ Key: 'stage', Value: 'prod' }] } };
  await call('s3', 'PutObjectTagging', tagged);
  for (const deleted of ['iris/model.tar', 'llm']) await call('s3', 'DeleteObject', { Bucket, Key: deleted });
}

async function changePackages(call: Call): Promise<void> {
  for (const ModelPackageGroupName of ['iris', 'iris-2']) {
    await call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName });
    const container = { Image: 'models:1', ModelDataUrl: `s3://${BUCKET}/iris/model.tar.gz` };
    const { ModelPackageArn } = await call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName,
      InferenceSpecification: {
        Containers: [container],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['text/csv'],
      },
    });
    await call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
  }
}

async function changeEndpoint(call: Call, EndpointName: string): Promise<void> {
  const status = async () => (await call('sagemaker', 'DescribeEndpoint', { EndpointName })).EndpointStatus;
  const untilInService = async () => {
    while ((await status()) !== 'InService') await new Promise((done) => setTimeout(done, STATUS_INTERVAL_MS));
  };
  const ModelName = EndpointName;
  const PrimaryContainer = { Image: 'models:1', ModelDataUrl: `s3://${BUCKET}/iris/model.tar.gz` };
  const ExecutionRoleArn = 'arn:aws:iam::111111111111:role/any';
  await call('sagemaker', 'CreateModel', { ModelName, PrimaryContainer, ExecutionRoleArn });
  for (const slot of ['a', 'b']) {
    const variant = { VariantName: 'All', ModelName, InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };
    const EndpointConfigName = `${EndpointName}-${slot}`;
    await call('sagemaker', 'CreateEndpointConfig', { EndpointConfigName, ProductionVariants: [variant] });
    const operation = slot === 'a' ? 'CreateEndpoint' : 'UpdateEndpoint';
    await call('sagemaker', operation, { EndpointName, EndpointConfigName });
    await untilInService();
  }
  await call('sagemaker', 'DeleteEndpoint', { EndpointName });
}
