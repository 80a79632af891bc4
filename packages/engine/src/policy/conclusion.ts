import type { RefreshEvent } from './refresh-event.ts';
import type { EndpointState } from './state.ts';

/** The state after the endpoint was observed, and the events to publish before it is written. */
export interface Conclusion {
  readonly state: EndpointState;
  readonly events: readonly RefreshEvent[];
  /** UpdateEndpoint was accepted, but DescribeEndpoint shows no trace of it: its answer is stale. */
  readonly stale?: true;
}
