import type { DeployedStack } from '../cdk-deploy.ts';
import type { EndpointSample } from '../endpoint-history.ts';
import type { RunContext } from '../run-context.ts';
import type { Answer } from './answer.ts';
import type { RollbackRun } from './rollback-stack.ts';
import type { SpareEndpoint } from './spare-endpoint.ts';

/** What the whole path left for the probes. */
export interface ProbeContext extends RunContext {
  readonly stack: DeployedStack;
  /** Of the endpoint, during the path. */
  readonly samples: readonly EndpointSample[];
  /** Makes the endpoint that probes update, when it is first asked for. */
  readonly spare: () => Promise<SpareEndpoint>;
  /** Lets the update of a stack fail, when it is first asked for. */
  readonly rollback: () => Promise<RollbackRun>;
}

/** Probes of one lane are asked one after the other; the lanes at the same time. */
export type Lane = 'endpoint' | 'spare' | 'stack' | 'services';

/** A question that a run asks. */
export interface AskedProbe {
  /** The marker of its line in docs/fidelity.md. */
  readonly id: string;
  readonly lane: Lane;
  readonly ask: (context: ProbeContext) => Promise<Answer>;
}

/** A question that no run asks. */
export interface UnaskedProbe {
  readonly id: string;
  readonly whyNot: string;
  /** What a person would do to answer it. */
  readonly byHand: string;
}

export type Probe = AskedProbe | UnaskedProbe;

export const isAsked = (probe: Probe): probe is AskedProbe => 'ask' in probe;
