import type { EndpointSpec, PromiseMessage, SlotData } from '@freshpoint/cdk/contract';
import { subject, TRIES, without } from '../policy/conclude.ts';
import { type Decision, decide } from '../policy/decide.ts';
import { type Next, POLL_SECONDS, pollSeconds } from '../policy/next.ts';
import type { Observation, SourceFile } from '../policy/observation.ts';
import { BECAUSE } from '../policy/refresh.ts';
import type { EndpointState, Intent } from '../policy/state.ts';
import type { Ports, Record } from '../ports.ts';
import { short, tell } from './publish.ts';
import type { Outcome } from './result.ts';
import { fill } from './staging.ts';

/** So long a look may copy and read before what is left waits for the next one, in ms: the function lives 60 s. */
export const WORK_MS = 35_000;

/** After a stale read of the state, in seconds: SSM's reads may lag behind its writes. */
const STALE_SECONDS = 5;

/** What a promise knows beside the endpoint's name. */
export type Knowing = Pick<PromiseMessage, 'stackId' | 'stateVersion'>;

/** One look at one endpoint: observe, decide, record, act. Errors of the services are thrown. */
export async function look(
  ports: Ports,
  endpoint: string,
  { stackId, stateVersion = 0 }: Knowing = {},
): Promise<Outcome> {
  const began = ports.now();
  const isTimeUp = () => ports.now() - began >= WORK_MS;
  let known = await ports.records.read(endpoint);
  if (!known.spec) return withoutSpec(ports, endpoint, stackId);
  if (known.stateVersion < stateVersion) {
    const detail = `version ${stateVersion} of the state is not visible yet`;
    ports.telemetry.decision({ endpoint, decision: 'wait', because: 'state-stale', detail, seconds: STALE_SECONDS });
    return { kind: 'open', seconds: STALE_SECONDS };
  }
  let seen: Partial<Observation> = {};
  for (;;) {
    const declared: Declared = { ...known, spec: known.spec! };
    const { spec } = declared;
    const observed = await decideWithWhatItTakes(ports, endpoint, declared, seen, isTimeUp);
    const { decision } = observed;
    const at = observed.stateVersion;
    const lastRecord = await tell(ports, endpoint, spec, decision.tell, known.lastRecord);
    const { next } = decision;
    if (next.kind === 'swap') return swap(ports, endpoint, spec, at, decision.state, next.intent);
    if (next.kind === 'fill' && seen.filled) {
      // Once is enough for a look: whoever takes away what was filled must not keep it busy.
      return close(ports, endpoint, {
        kind: 'wait',
        because: next.because,
        detail: 'the slot has changed since it was filled',
        seconds: pollSeconds(spec),
        revision: next.filling.revision,
      });
    }
    if (next.kind === 'fill') {
      const files = observed.sources?.kind === 'complete' ? observed.sources.files : [];
      const filled = await fill(
        ports,
        endpoint,
        spec,
        { state: decision.state, stateVersion: at },
        next,
        files,
        isTimeUp,
      );
      if (filled.kind !== 'filled') return filled;
      // What has been filled is looked at afresh, and so is all that may have changed meanwhile.
      known = { spec, state: filled.state, stateVersion: filled.stateVersion, lastRecord };
      seen = { filled: next.filling };
      continue;
    }
    if (decision.state !== observed.state) await ports.records.write(endpoint, decision.state, at);
    return close(ports, endpoint, next);
  }
}

/** Gone, unless the stack that makes it is still at it. */
async function withoutSpec(ports: Ports, endpoint: string, stackId: string | undefined): Promise<Outcome> {
  if (stackId !== undefined && (await ports.stacks.look(stackId)).kind === 'deploying') {
    const seconds = POLL_SECONDS;
    ports.telemetry.decision({ endpoint, decision: 'wait', because: 'stack-busy', seconds });
    return { kind: 'open', seconds };
  }
  ports.telemetry.decision({ endpoint, decision: 'keep', because: 'spec-gone' });
  return { kind: 'kept' };
}

/** A record whose spec is there. */
type Declared = Record & Required<Pick<Record, 'spec'>>;

type Final = Exclude<Next, { kind: 'observe' | 'test' }>;

/** A decision, and what it was made of. */
type Observed = Observation & {
  readonly decision: Decision & { readonly next: Final };
  readonly stateVersion: number;
};

async function decideWithWhatItTakes(
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
      const tried = await test(ports, endpoint, observation, next.nth, stateVersion);
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
      return { sources: await ports.sources.look(spec.sources) };
    case 'stack':
      return { stack: await ports.stacks.look(spec.stackId) };
    case 'slots':
      return { slots: await ports.places.look(spec.data!) };
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
async function test(
  ports: Ports,
  endpoint: string,
  { spec, state, endpoint: view }: Observation,
  nth: number,
  stateVersion: number,
): Promise<{ readonly seen: Partial<Observation>; readonly stateVersion: number }> {
  if (nth > TRIES || view === 'gone') {
    const reason = `The smoke tests did not come to an end in ${TRIES} tries.`;
    return { seen: { tests: { kind: 'unanswered', reason } }, stateVersion };
  }
  const begun = { ...state, intent: { ...state.intent!, tests: nth } };
  const at = await ports.records.write(endpoint, begun, stateVersion);
  const tests = await ports.smokeTests.run(spec.endpointName, view.variants ?? [], spec.smokeTests ?? []);
  const seen = { state: begun, tests, now: ports.now() };
  if (tests.kind === 'unanswered') return { seen, stateVersion: at };
  // What they came to is not asked again, whatever happens to this look.
  const judged = { ...begun, intent: { ...begun.intent, verdict: tests } };
  return { seen: { ...seen, state: judged }, stateVersion: await ports.records.write(endpoint, judged, at) };
}

/** Contract 7: the intent is in the state before the call, and what the call said is in it afterwards. */
async function swap(
  ports: Ports,
  endpoint: string,
  spec: EndpointSpec,
  stateVersion: number,
  state: EndpointState,
  intent: Intent,
): Promise<Outcome> {
  const intended = { ...state, prepared: undefined, intent };
  const at = await ports.records.write(endpoint, intended, stateVersion);
  const outcome = await ports.endpoints.update(spec, intent.configName);
  const { revision, slot } = intent;
  const because = BECAUSE[intent.by];
  if (outcome.kind === 'rejected') {
    await ports.records.write(endpoint, without(intended), at);
    if (!outcome.busy) throw outcome.error;
    const detail = outcome.error.message;
    return close(ports, endpoint, {
      kind: 'wait',
      because: 'endpoint-busy',
      detail,
      seconds: pollSeconds(spec),
      revision,
    });
  }
  await tell(ports, endpoint, spec, [{ what: 'started', ...subject(intent) }]);
  await ports.records.write(endpoint, { ...intended, intent: { ...intent, called: true } }, at);
  ports.telemetry.decision({
    endpoint,
    decision: 'swap',
    because,
    detail: intent.warning,
    revision: short(revision),
    slot,
    seconds: pollSeconds(spec),
  });
  return { kind: 'open', seconds: pollSeconds(spec) };
}

function close(ports: Ports, endpoint: string, next: Exclude<Final, { kind: 'swap' | 'fill' }>): Outcome {
  const revision = 'revision' in next && next.revision ? short(next.revision) : undefined;
  const seconds = next.kind === 'wait' ? next.seconds : undefined;
  const { because, detail } = next;
  ports.telemetry.decision({ endpoint, decision: next.kind, because, detail, revision, seconds });
  if (next.kind === 'keep') return { kind: 'kept' };
  return next.kind === 'fail' ? { kind: 'failed', reason: next.detail } : { kind: 'open', seconds };
}
