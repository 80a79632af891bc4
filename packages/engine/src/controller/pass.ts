import type { EndpointSpec, EndpointStore } from '@freshpoint/cdk/contract';
import type { Ports } from '../ports.ts';
import type { PassBudget } from './budget.ts';

/** An endpoint, by its id, and the world around it. */
export interface EndpointContext {
  readonly ports: Ports;
  readonly endpoint: string;
}

/** An endpoint, and where its state is. */
export interface StoredEndpoint extends EndpointContext {
  readonly store: EndpointStore;
}

/** One pass over one endpoint that its stack declares. */
export interface EndpointPass extends StoredEndpoint {
  readonly spec: EndpointSpec;
  readonly budget: PassBudget;
  /** Ids of the messages that it is for. */
  readonly requests: readonly string[];
  /** When the newest of them was sent that is received for the first time, epoch ms. Absent: none is. */
  readonly requestedAt?: number;
}

/** The messages that a pass is for. */
export interface PassRequests {
  readonly ids: readonly string[];
  /** When the newest of them was sent that is received for the first time, epoch ms. Absent: none is. */
  readonly sentAt?: number;
}
