import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointState } from '../policy/state.ts';
import type { Ports } from '../ports.ts';
import type { PassBudget } from './budget.ts';

/** An endpoint, by its id, and the world around it. */
export interface EndpointContext {
  readonly ports: Ports;
  readonly endpoint: string;
}

/** One pass over one endpoint that its stack declares. */
export interface EndpointPass extends EndpointContext {
  readonly spec: EndpointSpec;
  readonly budget: PassBudget;
}

/** The state, as it was read or written last. */
export interface RecordedState {
  readonly state: EndpointState;
  readonly stateVersion: number;
}
