import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { type EndpointSpec, uriOf } from '@freshpoint/cdk/contract';
import type { Client } from '@freshpoint/engine/adapters/client';
import { cloudFormationStacks } from '@freshpoint/engine/adapters/cloudformation-stacks';
import { s3RevisionStore } from '@freshpoint/engine/adapters/s3-revision-store';
import { s3Sources } from '@freshpoint/engine/adapters/s3-sources';
import { sageMakerEndpoints } from '@freshpoint/engine/adapters/sagemaker-endpoints';
import { sageMakerRegistry } from '@freshpoint/engine/adapters/sagemaker-registry';
import type { ObservedPart } from '@freshpoint/engine/policy/next';
import type { EndpointView, Observation } from '@freshpoint/engine/policy/observation';
import { explainErrors } from './aws-errors.ts';
import { type ClientConfig, s3Config } from './client-config.ts';

/** Reads what the controller observes, to explain its next decision. Throws CommandFailure, e.g. where it may not. */
export interface EndpointObserver {
  endpoint(spec: EndpointSpec): Promise<EndpointView | 'gone'>;
  part(spec: EndpointSpec, part: ObservedPart): Promise<Partial<Observation>>;
}

/** Clients of the services that are observed: the SDK's, or a test's. */
export interface ObserverClients {
  readonly s3: Client;
  readonly sagemaker: Client;
  readonly cloudformation: Client;
}

/** The SDK's clients, configured as the AWS CLI is. */
export function observerClients(config: ClientConfig): ObserverClients {
  return {
    s3: new S3Client(s3Config(config)),
    sagemaker: new SageMakerClient(config),
    cloudformation: new CloudFormationClient(config),
  };
}

/** The account behind the clients. */
export function endpointObserver({ s3, sagemaker, cloudformation }: ObserverClients): EndpointObserver {
  const endpoints = sageMakerEndpoints(sagemaker, sagemaker);
  const sources = s3Sources(s3, { registry: sageMakerRegistry(sagemaker) });
  // Nothing is written, so nothing needs an id.
  const revisions = s3RevisionStore(s3, () => '');
  const stacks = cloudFormationStacks(cloudformation);
  return {
    endpoint: ({ endpointName }) =>
      explainErrors('sagemaker:DescribeEndpoint', endpointName, () => endpoints.describe(endpointName)),
    async part(spec, part) {
      switch (part) {
        case 'sources': {
          const read = () => sources.observe(spec.sources, { isTimeUp: () => false, data: spec.data });
          const found = await explainErrors(readCalls(spec), sourcesOf(spec), read);
          return found.kind === 'unfinished' ? {} : { sources: found };
        }
        case 'stack': {
          const read = () => stacks.describe(spec.stackId);
          return { stack: await explainErrors('cloudformation:DescribeStacks', spec.stackId, read) };
        }
        case 'slots': {
          const { data } = spec;
          if (!data) return { slots: {} };
          const uri = `s3://${data.bucket}/${data.root}`;
          return { slots: await explainErrors('s3:GetObject', uri, () => revisions.observe(data)) };
        }
        case 'check':
          // `freshpoint check` reads archives; what the controller found is in the quarantine.
          return { check: { kind: 'passed', warnings: [] } };
      }
    },
  };
}

function readCalls({ sources }: EndpointSpec): string {
  const isPackage = sources.some((source) => 'packageGroup' in source);
  return isPackage
    ? 's3:GetObject, s3:ListBucket, sagemaker:ListModelPackages and DescribeModelPackage'
    : 's3:GetObject and s3:ListBucket';
}

function sourcesOf({ sources }: EndpointSpec): string {
  return sources.map(uriOf).join(', ');
}
