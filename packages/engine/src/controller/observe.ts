import { decide } from '../policy/decide.ts';
import type { Next, ObservedPart } from '../policy/next.ts';
import type { Observation } from '../policy/observation.ts';
import { type StallDecision, withStall } from '../policy/stalled.ts';
import type { StoredState } from '../ports.ts';
import { archivesOf } from './archives.ts';
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
  const { ports, spec } = pass;
  const endpoint = await ports.endpoints.describe(spec.endpointName);
  let observation: Observation = { now: ports.now(), spec, state, endpoint };
  let written = etag;
  for (;;) {
    const { next, ...rest } = withStall(observation, decide(observation));
    if (next.kind === 'observe') {
      observation = { ...observation, ...(await observePart(pass, observation, next.what)) };
    } else if (next.kind === 'test') {
      const variants = endpoint === 'gone' ? [] : (endpoint.variants ?? []);
      const recorded = { state: observation.state, etag: written };
      const tested = await runSmokeTests(pass, recorded, next, variants);
      observation = { ...observation, state: tested.state, now: ports.now() };
      written = tested.etag;
    } else {
      return { decision: { ...rest, next }, observation, etag: written };
    }
  }
}

async function observePart(
  { ports, spec, budget }: EndpointPass,
  { sources }: Observation,
  part: ObservedPart,
): Promise<Partial<Observation>> {
  switch (part) {
    case 'sources':
      return { sources: await ports.sources.observe(spec.sources) };
    case 'stack':
      return { stack: await ports.stacks.describe(spec.stackId) };
    case 'slots':
      return { slots: spec.data ? await ports.slotStore.observe(spec.data) : {} };
    case 'check': {
      const files = sources?.kind === 'complete' ? archivesOf(spec.data, sources.files) : [];
      const whole = spec.verification === 'full';
      return { check: await ports.sources.check(files, { whole, isTimeUp: budget.isUp }) };
    }
  }
}
