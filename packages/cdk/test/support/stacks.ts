import './placeholder-asset.ts';
import type { Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnEndpointConfigProps, CfnEndpointProps, CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';
import {
  type BucketEvent,
  type GuardedDeployment,
  type ModelData,
  type ModelProps,
  type Refresher,
  SagemakerEndpoint,
  type SmokeTest,
  type Verification,
} from '../../src/index';

export const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/iris:1';
export const executionRoleArn = 'arn:aws:iam::123456789012:role/model';

/** Changes to the props of a plain endpoint with one unnamed model. */
export interface Changes {
  readonly model?: Partial<CfnModelProps> & Record<string, unknown>;
  readonly modelsProps?: ModelProps[];
  readonly config?: Partial<CfnEndpointConfigProps> & Record<string, unknown>;
  readonly endpoint?: Partial<CfnEndpointProps> & Record<string, unknown>;
  readonly modelsBucket?: IBucket;
  readonly bucketEvents?: BucketEvent[];
  readonly guardedDeployment?: GuardedDeployment;
  readonly waitTime?: Duration;
  readonly marker?: string;
  readonly maxWaitTime?: Duration;
  readonly pollInterval?: Duration;
  readonly sweepInterval?: Duration;
  readonly stalledAfter?: Duration;
  readonly refresher?: Refresher;
  readonly modelData?: ModelData;
  readonly verification?: Verification;
  readonly smokeTests?: SmokeTest[];
}

/** Logical ids of the models of slot A. */
export const ofSlotA = /Models(?!B)/;

export function newBucket(stack: Stack): Bucket {
  return (stack.node.tryFindChild('Bucket') as Bucket | undefined) ?? new Bucket(stack, 'Bucket');
}

export function modelProps(bucket: IBucket, changes: Changes['model'] = {}): CfnModelProps {
  return {
    executionRoleArn,
    primaryContainer: { image, modelDataUrl: `s3://${bucket.bucketName}/models/iris.tar.gz` },
    ...changes,
  };
}

/** An endpoint called iris with one variant. Its model and configs have generated names. */
export function newEndpoint(stack: Stack, changes: Changes = {}, id = 'Iris'): SagemakerEndpoint {
  const { model, modelsProps, config, endpoint, modelsBucket = newBucket(stack), ...rest } = changes;
  return new SagemakerEndpoint(stack, id, {
    modelsProps: modelsProps ?? [{ props: modelProps(modelsBucket, model) }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'all', initialInstanceCount: 1, instanceType: 'ml.m5.large' }],
      ...config,
    },
    endpointProps: { endpointConfigName: config?.endpointConfigName ?? 'iris', endpointName: 'iris', ...endpoint },
    modelsBucket,
    ...rest,
  });
}

type Resource = { Type: string; Properties: Record<string, unknown>; DependsOn?: string[] };

/** The template's resources of one type, by logical id. */
export function resourcesOf(stack: Stack, type: string): Record<string, Resource> {
  return Template.fromStack(stack).findResources(type) as Record<string, Resource>;
}

/** The properties of the only resource of the type whose logical id matches. */
export function propertiesOf(stack: Stack, type: string, id = /./): Record<string, unknown> {
  const found = Object.entries(resourcesOf(stack, type)).filter(([logicalId]) => id.test(logicalId));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} match ${id}`);
  return found[0]![1].Properties;
}

/** A template's value with its pseudo parameters and references as readable text. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  const join = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  if (join) return join[1].map(asText).join(join[0]);
  const ref = (value as { Ref?: string }).Ref;
  if (ref) return `<${ref}>`;
  const attribute = (value as { 'Fn::GetAtt'?: [string, string] })['Fn::GetAtt'];
  return attribute ? `<${attribute.join('.')}>` : JSON.stringify(value);
}

/** The spec in the template. */
export function specOf(stack: Stack): Record<string, unknown> {
  return JSON.parse(asText(propertiesOf(stack, 'AWS::SSM::Parameter', /Spec/).Value)) as Record<string, unknown>;
}

export { Match, Template };
