import type { EndpointSpec, ReconcileRequest, SlotData } from '@freshpoint/cdk/contract';
import { eventSubject, MAX_ATTEMPTS, withoutUpdating } from '../policy/conclude.ts';
import { type Decision, decide } from '../policy/decide.ts';
import { type Next, POLL_SECONDS, pollSeconds } from '../policy/next.ts';
import type { Observation, SourceFile } from '../policy/observation.ts';
import { REASON_OF } from '../policy/refresh.ts';
import type { EndpointState, Updating } from '../policy/state.ts';
import type { EndpointRecord, Ports } from '../ports.ts';
import { publish, shortRevision } from './publish.ts';
import type { ReconcileResult } from './result.ts';
import { stage } from './staging.ts';

/** So long a look may copy and read before what is left waits for the next one, in ms: the function lives 60 s. */
export const PASS_BUDGET_MS = 35_000;

/** After a stale read of the state, in seconds: SSM's reads may lag behind its writes. */
const STALE_SECONDS = 5;

/** What a promise knows beside the endpoint's name. */
export type RequestContext = Pick<ReconcileRequest, 'stackId' | 'stateVersion'>;

/** One look at one endpoint: observe, decide, record, act. Errors of the services are thrown. */
export async function reconcile(
  ports: Ports,
  endpoint: string,
  { stackId, stateVersion = 0 }: RequestContext = {},
): Promise<ReconcileResult> {
  const began = ports.now();
  const isTimeUp = () => ports.now() - began >= PASS_BUDGET_MS;
  let known = await ports.records.read(endpoint);
  if (!known.spec) return withoutSpec(ports, endpoint, stackId);
  if (known.stateVersion < stateVersion) {
    const message = `version ${stateVersion} of the state is not visible yet`;
    ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'StateStale', message, seconds: STALE_SECONDS });
    return { kind: 'requeue', seconds: STALE_SECONDS };
  }
  let seen: Partial<Observation> = {};
  for (;;) {
    const declared: Declared = { ...known, spec: known.spec! };
    const { spec } = declared;
    const observed = await observeAndDecide(ports, endpoint, declared, seen, isTimeUp);
    const { decision } = observed;
    const at = observed.stateVersion;
    const lastRecord = await publish(ports, endpoint, spec, decision.events, known.lastRecord);
    const { next } = decision;
    if (next.kind === 'swap') return swap(ports, endpoint, spec, at, decision.state, next.updating);
    if (next.kind === 'stage' && seen.staged) {
      // Once is enough for a look: whoever takes away what was filled must not keep it busy.
      return finish(ports, endpoint, {
        kind: 'requeue',
        reason: next.reason,
        message: 'the slot has changed since it was filled',
        seconds: pollSeconds(spec),
        revision: next.staging.revision,
      });
    }
    if (next.kind === 'stage') {
      const files = observed.sources?.kind === 'complete' ? observed.sources.files : [];
      const filled = await stage(
        ports,
        endpoint,
        spec,
        { state: decision.state, stateVersion: at },
        next,
        files,
        isTimeUp,
      );
      if (filled.kind !== 'staged') return filled;
      // What has been filled is looked at afresh, and so is all that may have changed meanwhile.
      known = { spec, state: filled.state, stateVersion: filled.stateVersion, lastRecord };
      seen = { staged: next.staging };
      continue;
    }
    if (decision.state !== observed.state) await ports.records.write(endpoint, decision.state, at);
    return finish(ports, endpoint, next);
  }
}

/** Gone, unless the stack that makes it is still at it. */
async function withoutSpec(ports: Ports, endpoint: string, stackId: string | undefined): Promise<ReconcileResult> {
  if (stackId !== undefined && (await ports.stacks.describe(stackId)).kind === 'deploying') {
    const seconds = POLL_SECONDS;
    ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'StackBusy', seconds });
    return { kind: 'requeue', seconds };
  }
  ports.telemetry.decision({ endpoint, decision: 'done', reason: 'SpecGone' });
  return { kind: 'done' };
}

/** A record whose spec is there. */
type Declared = EndpointRecord & Required<Pick<EndpointRecord, 'spec'>>;

type Final = Exclude<Next, { kind: 'observe' | 'test' }>;

/** A decision, and what it was made of. */
type Observed = Observation & {
  readonly decision: Decision & { readonly next: Final };
  readonly stateVersion: number;
};

async function observeAndDecide(
  ports: Ports,
  endpoint: string,
  declared: Declared,
  seen: Partial<Observation>,
  isTimeUp: () => boolean,
): Promise<Observed> {
  const { spec, state } = declared;
  let { stateVersion } = declared;
  const view = await ports.endpoints.describe(spec.endpointName);
  let observation: Observation = { ...seen, now: ports.now(), spec, state, endpoint: view };
  for (;;) {
    const { next, ...rest } = decide(observation);
    if (next.kind === 'test') {
      const tried = await runSmokeTests(ports, endpoint, observation, next.nth, stateVersion);
      observation = { ...observation, ...tried.seen };
      stateVersion = tried.stateVersion;
    } else if (next.kind === 'observe') {
      observation = { ...observation, ...(await observe(ports, observation, next.what, isTimeUp)) };
    } else {
      return { ...observation, decision: { ...rest, next }, stateVersion };
    }
  }
}

async function observe(
  ports: Ports,
  { spec, sources }: Observation,
  what: (Next & { readonly kind: 'observe' })['what'],
  isTimeUp: () => boolean,
): Promise<Partial<Observation>> {
  switch (what) {
    case 'sources':
      return { sources: await ports.sources.observe(spec.sources) };
    case 'stack':
      return { stack: await ports.stacks.describe(spec.stackId) };
    case 'slots':
      return { slots: await ports.slotStore.observe(spec.data!) };
    case 'check': {
      const files = sources?.kind === 'complete' ? archivesOf(spec, sources.files) : [];
      return { check: await ports.sources.check(files, { whole: spec.verification === 'full', isTimeUp }) };
    }
  }
}

/** What is known to be an archive: what is copied, and what is called so. */
export function archivesOf({ data }: { data?: SlotData }, files: readonly SourceFile[]): SourceFile[] {
  const isCopied = ({ bucket, key }: SourceFile) =>
    data?.files.some((file) => file.bucket === bucket && file.key === key) ?? false;
  return files.filter((file) => isCopied(file) || file.key.endsWith('.tar.gz'));
}

/** The state says that the tests were begun before they are: what they do to the function, they do three times at most. */
async function runSmokeTests(
  ports: Ports,
  endpoint: string,
  { spec, state, endpoint: view }: Observation,
  nth: number,
  stateVersion: number,
): Promise<{ readonly seen: Partial<Observation>; readonly stateVersion: number }> {
  if (nth > MAX_ATTEMPTS || view === 'gone') {
    const message = `The smoke tests did not come to an end in ${MAX_ATTEMPTS} tries.`;
    return { seen: { tests: { kind: 'unanswered', message } }, stateVersion };
  }
  const begun = { ...state, updating: { ...state.updating!, testAttempts: nth } };
  const at = await ports.records.write(endpoint, begun, stateVersion);
  const tests = await ports.smokeTests.run(spec.endpointName, view.variants ?? [], spec.smokeTests ?? []);
  const seen = { state: begun, tests, now: ports.now() };
  if (tests.kind === 'unanswered') return { seen, stateVersion: at };
  // What they came to is not asked again, whatever happens to this look.
  const judged = { ...begun, updating: { ...begun.updating, verdict: tests } };
  return { seen: { ...seen, state: judged }, stateVersion: await ports.records.write(endpoint, judged, at) };
}

/** Contract 7: the intent is in the state before the call, and what the call said is in it afterwards. */
async function swap(
  ports: Ports,
  endpoint: string,
  spec: EndpointSpec,
  stateVersion: number,
  state: EndpointState,
  updating: Updating,
): Promise<ReconcileResult> {
  const recorded = { ...state, deployment: undefined, updating };
  const at = await ports.records.write(endpoint, recorded, stateVersion);
  const outcome = await ports.endpoints.update(spec, updating.configName);
  const { revision, slot } = updating;
  const reason = REASON_OF[updating.trigger];
  if (outcome.kind === 'rejected') {
    await ports.records.write(endpoint, withoutUpdating(recorded), at);
    if (!outcome.busy) throw outcome.error;
    const message = outcome.error.message;
    return finish(ports, endpoint, {
      kind: 'requeue',
      reason: 'EndpointBusy',
      message,
      seconds: pollSeconds(spec),
      revision,
    });
  }
  await publish(ports, endpoint, spec, [{ type: 'started', ...eventSubject(updating) }]);
  await ports.records.write(endpoint, { ...recorded, updating: { ...updating, accepted: true } }, at);
  ports.telemetry.decision({
    endpoint,
    decision: 'swap',
    reason,
    message: updating.warning,
    revision: shortRevision(revision),
    slot,
    seconds: pollSeconds(spec),
  });
  return { kind: 'requeue', seconds: pollSeconds(spec) };
}

function finish(ports: Ports, endpoint: string, next: Exclude<Final, { kind: 'swap' | 'stage' }>): ReconcileResult {
  const revision = 'revision' in next && next.revision ? shortRevision(next.revision) : undefined;
  const seconds = next.kind === 'requeue' ? next.seconds : undefined;
  const { reason, message } = next;
  ports.telemetry.decision({ endpoint, decision: next.kind, reason, message, revision, seconds });
  if (next.kind === 'done') return { kind: 'done' };
  return next.kind === 'stalled' ? { kind: 'stalled', message: next.message } : { kind: 'requeue', seconds };
}
