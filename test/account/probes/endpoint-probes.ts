import { GetBucketPolicyCommand, GetPublicAccessBlockCommand } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
} from '@aws-sdk/client-sagemaker';
import { ask } from '../traffic-log.ts';
import { judgePublicAccess, judgeTimeout, type TimedOutInvocation } from './judge-calls.ts';
import { judgeLastModified } from './judge-updates.ts';
import type { AskedProbe, ProbeContext } from './probe.ts';
import { REQUEUE_DELAY_PROBE } from './requeue-delay.ts';

/** SageMaker waits for a container for 60 s. */
const TOO_LONG_SECONDS = 65;

/** Probes of what the path deployed. None changes it. */
export const ENDPOINT_PROBES: readonly AskedProbe[] = [
  { id: 'last-modified-moments', lane: 'endpoint', ask: async ({ samples }) => judgeLastModified(samples) },
  { id: 'public-access-block', lane: 'endpoint', ask: async (context) => judgePublicAccess(await accessOf(context)) },
  REQUEUE_DELAY_PROBE,
  { id: 'container-timeout', lane: 'endpoint', ask: async (context) => judgeTimeout(await timedOut(context)) },
];

/** Of the bucket that the serving model loads: the data bucket. */
async function accessOf({ session, names }: ProbeContext) {
  const { s3, sagemaker } = session.clients;
  const { EndpointConfigName } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: names.endpoint }));
  const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
  const [variant] = config.ProductionVariants ?? [];
  const { PrimaryContainer } = await sagemaker.send(new DescribeModelCommand({ ModelName: variant?.ModelName }));
  const Bucket = /^s3:\/\/([^/]+)\//.exec(PrimaryContainer?.ModelDataUrl ?? '')?.[1];
  const { Policy = '{"Statement":[]}' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
  const { PublicAccessBlockConfiguration: block } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
  const settings = [
    block?.BlockPublicAcls,
    block?.BlockPublicPolicy,
    block?.IgnorePublicAcls,
    block?.RestrictPublicBuckets,
  ];
  return { policy: Policy, blocksPublicAccess: settings.every((isOn) => isOn === true) };
}

interface InvocationFailure extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly OriginalStatusCode?: number;
}

async function timedOut({ session, names, signal }: ProbeContext): Promise<TimedOutInvocation | undefined> {
  const begin = performance.now();
  try {
    await ask(session.clients, names.endpoint, { sleepSeconds: TOO_LONG_SECONDS }, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { name, message, $metadata, OriginalStatusCode }: InvocationFailure = error;
    const seconds = (performance.now() - begin) / 1000;
    return { name, message, seconds, status: $metadata?.httpStatusCode, originalStatus: OriginalStatusCode };
  }
}
