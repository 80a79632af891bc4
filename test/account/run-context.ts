import type { DeployedStack } from './cdk-deploy.ts';
import type { InstanceType } from './cost.ts';
import type { EndpointHistory } from './endpoint-history.ts';
import type { RunNames } from './run-names.ts';
import type { Session } from './session.ts';

/** What a run works with. */
export interface RunContext {
  readonly session: Session;
  readonly names: RunNames;
  readonly image: string;
  readonly instanceType: InstanceType;
  /** Ctrl-C, or the deadline. */
  readonly signal: AbortSignal;
  /** Prints a line. */
  readonly print: (line: string) => void;
}

/** Whether something is as the path expects it. */
export interface PathCheck {
  readonly expected: string;
  readonly got: string;
  readonly passed: boolean;
}

/** What the whole path leaves for the probes. */
export interface PathResult {
  readonly stack: DeployedStack;
  /** Of the endpoint, from its deployment to the end of the last refresh. */
  readonly history: EndpointHistory;
}
