/*
 * What the simulation reads of AWS's answers. The types of the SDK leave every field optional, because they describe
 * every possible answer; the simulated services always set these.
 */

import type { Readable } from 'node:stream';

/** DescribeEndpoint. */
export interface EndpointDescription {
  readonly EndpointName: string;
  readonly EndpointStatus: string;
  readonly EndpointConfigName: string;
  readonly FailureReason?: string;
  readonly PendingDeploymentSummary?: { readonly EndpointConfigName: string };
  readonly ProductionVariants?: readonly {
    readonly VariantName: string;
    readonly CurrentInstanceCount: number;
    readonly DesiredInstanceCount?: number;
    readonly CurrentWeight: number;
  }[];
  readonly LastDeploymentConfig?: {
    readonly BlueGreenUpdatePolicy: { readonly TrafficRoutingConfiguration: { readonly Type: string } };
  };
}

/** DescribeEndpointConfig. */
export interface EndpointConfigDescription {
  readonly EndpointConfigName: string;
  readonly EndpointConfigArn: string;
  readonly ProductionVariants: readonly {
    readonly VariantName: string;
    readonly ModelName: string;
    readonly InstanceType?: string;
    readonly ServerlessConfig?: { readonly MaxConcurrency: number };
  }[];
  readonly DataCaptureConfig?: { readonly InitialSamplingPercentage: number };
  readonly AsyncInferenceConfig?: { readonly OutputConfig: { readonly S3OutputPath: string } };
}

/** A container of a model. */
export interface ModelContainer {
  readonly Image: string;
  readonly Environment?: Readonly<Record<string, string>>;
  readonly ModelDataUrl?: string;
  readonly ModelDataSource?: { readonly S3DataSource?: { readonly S3Uri: string } };
}

/** DescribeModel. */
export interface ModelDescription {
  readonly ModelName: string;
  readonly ExecutionRoleArn: string;
  readonly PrimaryContainer?: ModelContainer;
  readonly Containers?: readonly ModelContainer[];
}

interface Parameter {
  readonly Name: string;
  readonly Value: string;
  readonly Version: number;
}

/** Answers by `<service>:<operation>`. */
export interface Answers {
  's3:PutObject': { readonly ETag: string };
  's3:CreateMultipartUpload': { readonly UploadId: string };
  's3:UploadPart': { readonly ETag: string };
  's3:GetObject': { readonly Body: Readable };
  's3:HeadObject': {
    readonly ETag: string;
    readonly ContentLength: number;
    readonly LastModified: Date;
    readonly ChecksumCRC64NVME?: string;
  };
  's3:ListObjectsV2': {
    readonly Contents?: readonly {
      readonly Key: string;
      readonly ETag: string;
      readonly Size: number;
      readonly LastModified: Date;
    }[];
  };
  'sqs:CreateQueue': { readonly QueueUrl: string };
  'sqs:ListQueues': { readonly QueueUrls?: readonly string[] };
  'sqs:GetQueueAttributes': { readonly Attributes: Readonly<Record<string, string>> };
  'sqs:ReceiveMessage': {
    readonly Messages?: readonly {
      readonly Body: string;
      readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
    }[];
  };
  'ssm:GetParameter': { readonly Parameter: Parameter };
  /** Nothing asks for parameters of which none exists. */
  'ssm:GetParameters': { readonly Parameters: readonly [Parameter, ...Parameter[]] };
  'ssm:PutParameter': { readonly Version: number };
  'cloudformation:DescribeStacks': { readonly Stacks: readonly { readonly StackStatus: string }[] };
  'iam:CreateRole': { readonly Role: { readonly Arn: string } };
  'iam:GetRole': { readonly Role: { readonly AssumeRolePolicyDocument: string } };
  'iam:ListRolePolicies': { readonly PolicyNames: readonly string[] };
  'sagemaker:DescribeEndpoint': EndpointDescription;
  'sagemaker:DescribeEndpointConfig': EndpointConfigDescription;
  'sagemaker:DescribeModel': ModelDescription;
  'sagemaker:UpdateEndpoint': object;
  'sagemaker:ListEndpoints': { readonly Endpoints: readonly { readonly EndpointStatus: string }[] };
  'sagemaker:ListEndpointConfigs': { readonly EndpointConfigs: readonly { readonly EndpointConfigName: string }[] };
  'sagemaker:ListModels': { readonly Models: readonly { readonly ModelName: string }[] };
  'sagemaker:ListTags': { readonly Tags: readonly { readonly Key: string; readonly Value: string }[] };
  'sagemaker:CreateModelPackage': { readonly ModelPackageArn: string };
  'sagemaker:ListModelPackages': {
    readonly ModelPackageSummaryList: readonly {
      readonly ModelPackageArn: string;
      readonly ModelPackageVersion: number;
    }[];
  };
  'sagemaker:DescribeModelPackage': {
    readonly CreationTime: Date;
    readonly LastModifiedTime?: Date;
    readonly InferenceSpecification: { readonly Containers: readonly [{ readonly ModelDataUrl: string }] };
  };
  'sagemaker:InvokeEndpoint': { readonly Body: AsyncIterable<Uint8Array> };
}

/** The answer of one operation; `unknown` where nothing reads it. */
export type AnswerOf<S extends string, O extends string> = `${S}:${O}` extends infer K extends keyof Answers
  ? Answers[K]
  : unknown;
