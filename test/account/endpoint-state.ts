import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { type EndpointSample, sampleOf } from './endpoint-history.ts';
import type { RunContext } from './run-context.ts';
import { waitFor } from './wait-for.ts';

/** Statuses that no waiting ends. */
const STUCK = new Set(['Failed', 'UpdateRollbackFailed', 'OutOfService']);

/** Waits until an endpoint is InService. Throws at once if it never will be. */
export async function untilInService(
  { session, signal }: Pick<RunContext, 'session' | 'signal'>,
  EndpointName: string,
  accepts: (sample: EndpointSample) => boolean = () => true,
): Promise<EndpointSample> {
  let last: EndpointSample | undefined;
  return await waitFor(
    { ...session.pace, signal },
    `endpoint ${EndpointName} is InService`,
    async () => {
      last = sampleOf(await session.clients.sagemaker.send(new DescribeEndpointCommand({ EndpointName })));
      if (STUCK.has(last.status)) {
        throw new Error(`Endpoint ${EndpointName} is ${last.status}: ${last.failureReason ?? 'without a reason'}`);
      }
      return last.status === 'InService' && accepts(last) ? last : undefined;
    },
    () => JSON.stringify(last),
  );
}
