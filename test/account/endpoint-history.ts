import { DescribeEndpointCommand, type DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import type { Clients } from './session.ts';
import { pause } from './wait-for.ts';

/** What DescribeEndpoint returned, as far as probes ask. */
export interface EndpointSample {
  readonly status: string;
  readonly config: string;
  readonly lastModifiedMs: number;
  readonly failureReason?: string;
}

export function sampleOf(output: DescribeEndpointOutput): EndpointSample {
  return {
    status: output.EndpointStatus ?? '',
    config: output.EndpointConfigName ?? '',
    lastModifiedMs: output.LastModifiedTime?.getTime() ?? 0,
    failureReason: output.FailureReason,
  };
}

/** The samples of an endpoint that differ from the one before. */
export class EndpointHistory {
  readonly samples: EndpointSample[] = [];

  add(sample: EndpointSample): void {
    if (JSON.stringify(sample) !== JSON.stringify(this.samples.at(-1))) this.samples.push(sample);
  }
}

/** Calls DescribeEndpoint until `signal` is aborted. */
export async function watchEndpoint(
  { sagemaker }: Clients,
  EndpointName: string,
  { history, everyMs, signal }: { history: EndpointHistory; everyMs: number; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    history.add(sampleOf(await sagemaker.send(new DescribeEndpointCommand({ EndpointName }))));
    await pause(everyMs, signal).catch(() => undefined);
  }
}
