import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { decide } from '@freshpoint/engine/policy/decide';
import type { Next } from '@freshpoint/engine/policy/next';
import type { EndpointView, Observation, SourcesView } from '@freshpoint/engine/policy/observation';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import type { EndpointAccount } from './account.ts';
import type { EndpointObserver } from './observer.ts';

/** What is known of one endpoint, and what the controller would decide now. */
export interface EndpointReport {
  readonly endpoint: string;
  readonly spec: EndpointSpec;
  readonly state: EndpointState;
  /** Epoch ms. */
  readonly now: number;
  /** Absent: it cannot be read. */
  readonly view?: EndpointView | 'gone';
  readonly sources?: SourcesView;
  /** Absent: something that the decision depends on cannot be read. */
  readonly next?: Exclude<Next, { kind: 'observe' }>;
  /** What could not be read, and why. */
  readonly problem?: string;
}

/** What reports are made from. */
export interface ReportContext {
  readonly account: EndpointAccount;
  readonly observer: EndpointObserver;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Reads the endpoint, and decides as the controller would, by the same policy. What cannot be read is left out: the
 * state alone says much.
 */
export async function reportOn(context: ReportContext, endpoint: string): Promise<EndpointReport> {
  const { account, observer } = context;
  const { spec, state } = await account.read(endpoint);
  const known = { endpoint, spec, state, now: context.now() };
  if (state.lostAt !== undefined) return known;
  let observation: Omit<Observation, 'endpoint'> & { readonly endpoint?: EndpointView | 'gone' } = {
    now: known.now,
    spec,
    state,
  };
  const report = () => ({ ...known, view: observation.endpoint, sources: observation.sources });
  try {
    const view = await observer.endpoint(spec);
    observation = { ...observation, endpoint: view, ...(await observer.part(spec, 'sources')) };
    for (;;) {
      const { next } = decide({ ...observation, endpoint: view });
      if (next.kind !== 'observe') return { ...report(), next };
      observation = { ...observation, ...(await observer.part(spec, next.what)) };
    }
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return { ...report(), problem: error.message };
  }
}
