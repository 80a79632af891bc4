import { decide } from '../policy/decide.ts';
import { lastModifiedOf, lastMoveOf } from '../policy/endpoint-status.ts';
import type { Next, ObservedPart } from '../policy/next.ts';
import type { Observation } from '../policy/observation.ts';
import { type StallDecision, withStall } from '../policy/stalled.ts';
import type { StoredState } from '../ports.ts';
import { RESUME_SECONDS } from './budget.ts';
import { checkFiles } from './checking.ts';
import { observeSources } from './listing.ts';
import type { EndpointPass } from './pass.ts';
import { runSmokeTests } from './smoke-tests.ts';
import type { UnfinishedWork } from './unfinished.ts';

/** A decision that needs no further observation, and the observation that it was made from. */
export interface Decided {
  readonly decision: StallDecision & { readonly next: Exclude<Next, { kind: 'observe' | 'test' }> };
  readonly observation: Observation;
  readonly etag: string | undefined;
}

/** Observes the endpoint, and as much else as the decision depends on, unless that was `seen`. */
export async function observeAndDecide(
  pass: EndpointPass,
  { state, etag }: StoredState,
  seen?: Observation,
): Promise<Decided> {
  const { ports, spec, requestedAt } = pass;
  const endpoint = seen?.endpoint ?? (await ports.endpoints.describe(spec.endpointName));
  let observation: Observation = { ...seen, now: ports.now(), requestedAt, spec, state, endpoint };
  let written = etag;
  for (;;) {
    const { next, ...rest } = withStall(observation, decide(observation));
    if (next.kind === 'observe') {
      const seen = await observePart(pass, observation, next.what);
      if (seen.kind === 'unfinished') return { ...continueLater(observation, seen), etag: written };
      observation = { ...observation, ...seen.part };
    } else if (next.kind === 'test') {
      if (endpoint === 'gone') throw new Error('Only an endpoint in service is tested.');
      // It has reached its config: an answer of DescribeEndpoint from before that is outdated.
      const recorded = { state: { ...observation.state, moved: lastMoveOf(endpoint) }, etag: written };
      const tested = await runSmokeTests(pass, recorded, next, endpoint.variants ?? []);
      observation = { ...observation, state: tested.state, now: ports.now() };
      written = tested.etag;
    } else {
      return { decision: withoutProgress({ ...rest, next }, observation), observation, etag: written };
    }
  }
}

/** Nothing is decided before all sources are known, and checked where that is needed. */
function continueLater(
  observation: Observation,
  { reason, message, progress }: UnfinishedWork,
): Pick<Decided, 'decision' | 'observation'> {
  const next = { kind: 'requeue', reason, message, seconds: RESUME_SECONDS } as const;
  const state = { ...observation.state, ...progress };
  return { decision: { ...withStall(observation, { next, state, events: [] }), next }, observation };
}

/**
 * What is complete leaves the state: the listing, and the check, which no other decision about the same sources needs.
 * A request that came after the listing began is not done by it.
 */
function withoutProgress(decision: Decided['decision'], { state, sources }: Observation): Decided['decision'] {
  if (!sources || !(state.listing || state.checking)) return decision;
  const complete = { ...decision, state: { ...decision.state, listing: undefined, checking: undefined } };
  if (decision.next.kind !== 'done' || !sources.resumed?.isSuperseded) return complete;
  const message = 'The sources may have changed while they were listed.';
  return { ...complete, next: { kind: 'requeue', reason: 'Listing', message, seconds: RESUME_SECONDS } };
}

type SeenPart = { readonly kind: 'seen'; readonly part: Partial<Observation> } | UnfinishedWork;

async function observePart(pass: EndpointPass, observation: Observation, what: ObservedPart): Promise<SeenPart> {
  const { ports, spec } = pass;
  const { sources, state, endpoint } = observation;
  switch (what) {
    case 'sources': {
      const known = { state, endpointModified: lastModifiedOf(endpoint) };
      const read = await observeSources(pass, spec, known);
      return read.kind === 'unfinished' ? read : { kind: 'seen', part: { sources: read, readAt: observation.now } };
    }
    case 'stack':
      return { kind: 'seen', part: { stack: await ports.stacks.describe(spec.stackId) } };
    case 'slots':
      return { kind: 'seen', part: { slots: spec.data ? await ports.revisions.observe(spec.data) : {} } };
    case 'check': {
      const files = sources?.kind === 'complete' ? sources.files : [];
      const check = await checkFiles(pass, { data: spec.data, files, whole: spec.verification === 'full' }, state);
      return check.kind === 'unfinished' ? check : { kind: 'seen', part: { check } };
    }
  }
}
