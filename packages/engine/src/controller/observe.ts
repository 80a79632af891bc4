import { decide } from '../policy/decide.ts';
import { lastModifiedOf } from '../policy/endpoint-status.ts';
import type { Next, ObservedPart } from '../policy/next.ts';
import type { Observation } from '../policy/observation.ts';
import { type StallDecision, withStall } from '../policy/stalled.ts';
import type { SourceListing } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import { archivesOf } from './archives.ts';
import { RESUME_SECONDS } from './budget.ts';
import { describeListing, observeSources } from './listing.ts';
import type { EndpointPass } from './pass.ts';
import { runSmokeTests } from './smoke-tests.ts';

/** A decision that needs no further observation, and the observation that it was made from. */
export interface Decided {
  readonly decision: StallDecision & { readonly next: Exclude<Next, { kind: 'observe' | 'test' }> };
  readonly observation: Observation;
  readonly etag: string | undefined;
}

/** Observes the endpoint, and as much else as the decision depends on. */
export async function observeAndDecide(pass: EndpointPass, { state, etag }: StoredState): Promise<Decided> {
  const { ports, spec, requestedAt } = pass;
  const endpoint = await ports.endpoints.describe(spec.endpointName);
  let observation: Observation = { now: ports.now(), requestedAt, spec, state, endpoint };
  let written = etag;
  for (;;) {
    const { next, ...rest } = withStall(observation, decide(observation));
    if (next.kind === 'observe') {
      const seen = await observePart(pass, observation, next.what);
      if (seen.kind === 'unfinished') return { ...continueLater(observation, seen.listing), etag: written };
      observation = { ...observation, ...seen.part };
    } else if (next.kind === 'test') {
      const variants = endpoint === 'gone' ? [] : (endpoint.variants ?? []);
      const recorded = { state: observation.state, etag: written };
      const tested = await runSmokeTests(pass, recorded, next, variants);
      observation = { ...observation, state: tested.state, now: ports.now() };
      written = tested.etag;
    } else {
      return { decision: withoutListing({ ...rest, next }, observation), observation, etag: written };
    }
  }
}

/** Nothing is decided before all sources are known. */
function continueLater(observation: Observation, listing: SourceListing): Pick<Decided, 'decision' | 'observation'> {
  const message = describeListing(listing);
  const next = { kind: 'requeue', reason: 'Listing', message, seconds: RESUME_SECONDS } as const;
  const state = { ...observation.state, listing };
  return { decision: { ...withStall(observation, { next, state, events: [] }), next }, observation };
}

/** A complete listing leaves the state. A request that came after it began is not done by it. */
function withoutListing(decision: Decided['decision'], { state, sources }: Observation): Decided['decision'] {
  if (!sources || !state.listing) return decision;
  const listed = { ...decision, state: { ...decision.state, listing: undefined } };
  if (decision.next.kind !== 'done' || !sources.resumed?.isSuperseded) return listed;
  const message = 'The sources may have changed while they were listed.';
  return { ...listed, next: { kind: 'requeue', reason: 'Listing', message, seconds: RESUME_SECONDS } };
}

type SeenPart =
  | { readonly kind: 'seen'; readonly part: Partial<Observation> }
  | { readonly kind: 'unfinished'; readonly listing: SourceListing };

async function observePart(pass: EndpointPass, observation: Observation, what: ObservedPart): Promise<SeenPart> {
  const { ports, spec, budget } = pass;
  const { sources, state, endpoint } = observation;
  switch (what) {
    case 'sources': {
      const known = { state, endpointModified: lastModifiedOf(endpoint) };
      const read = await observeSources(pass, spec.sources, known);
      return read.kind === 'unfinished' ? read : { kind: 'seen', part: { sources: read } };
    }
    case 'stack':
      return { kind: 'seen', part: { stack: await ports.stacks.describe(spec.stackId) } };
    case 'slots':
      return { kind: 'seen', part: { slots: spec.data ? await ports.revisions.observe(spec.data) : {} } };
    case 'check': {
      const files = sources?.kind === 'complete' ? archivesOf(spec.data, sources.files) : [];
      const whole = spec.verification === 'full';
      return { kind: 'seen', part: { check: await ports.sources.check(files, { whole, isTimeUp: budget.isUp }) } };
    }
  }
}
