import type { EndpointSpec } from '../../../cdk/src/private/contract.ts';
import type { Telling } from '../policy/conclude.ts';
import { without } from '../policy/conclude.ts';
import { type Decision, decide, type Next, POLL_SECONDS, pollSeconds } from '../policy/decide.ts';
import type { Observation } from '../policy/observation.ts';
import type { EndpointState, Intent } from '../policy/state.ts';
import type { Ports, Record } from '../ports.ts';

/** What the look means for the promise that asked for it. */
export type Outcome =
  | { readonly kind: 'kept' }
  /** Back to the queue; without `seconds`, after a pause that grows. */
  | { readonly kind: 'open'; readonly seconds?: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** One look at one endpoint: observe, decide, record, act. Errors of the services are thrown. */
export async function look(ports: Ports, endpoint: string, stackId?: string): Promise<Outcome> {
  const { spec, ...known } = await ports.records.read(endpoint);
  if (!spec) return withoutSpec(ports, endpoint, stackId);
  const declared = { spec, ...known };
  const decision = await decideWithWhatItTakes(ports, declared);
  await tell(ports, endpoint, spec, decision.tell);
  if (decision.next.kind === 'swap') return swap(ports, endpoint, declared, decision.state, decision.next.intent);
  if (decision.state !== known.state) await ports.records.write(endpoint, decision.state, known.stateVersion);
  return close(ports, endpoint, decision.next);
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

type Final = Exclude<Next, { kind: 'observe' }>;

async function decideWithWhatItTakes(
  ports: Ports,
  { spec, state }: Declared,
): Promise<Decision & { readonly next: Final }> {
  const endpoint = await ports.endpoints.describe(spec.endpointName);
  let observation: Observation = { now: ports.now(), spec, state, endpoint };
  for (;;) {
    const { next, ...rest } = decide(observation);
    if (next.kind !== 'observe') return { ...rest, next };
    if (next.what === 'sources') {
      observation = { ...observation, sources: await ports.sources.look(spec.sources) };
    } else {
      observation = { ...observation, stack: await ports.stacks.look(spec.stackId) };
    }
  }
}

/** Contract 7: the intent is in the state before the call, and what the call said is in it afterwards. */
async function swap(
  ports: Ports,
  endpoint: string,
  { spec, stateVersion }: Declared,
  state: EndpointState,
  intent: Intent,
): Promise<Outcome> {
  const intended = { ...state, prepared: undefined, intent };
  const at = await ports.records.write(endpoint, intended, stateVersion);
  const outcome = await ports.endpoints.update(spec, intent.configName);
  const { revision, slot } = intent;
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
  await tell(ports, endpoint, spec, [{ what: 'started', revision, slot, configName: intent.configName }]);
  await ports.records.write(endpoint, { ...intended, intent: { ...intent, called: true } }, at);
  ports.telemetry.decision({
    endpoint,
    decision: 'swap',
    because: 'newer-revision',
    revision: short(revision),
    slot,
    seconds: pollSeconds(spec),
  });
  return { kind: 'open', seconds: pollSeconds(spec) };
}

function close(ports: Ports, endpoint: string, next: Exclude<Final, { kind: 'swap' }>): Outcome {
  const revision = 'revision' in next && next.revision ? short(next.revision) : undefined;
  const seconds = next.kind === 'wait' ? next.seconds : undefined;
  const { because, detail } = next;
  ports.telemetry.decision({ endpoint, decision: next.kind, because, detail, revision, seconds });
  if (next.kind === 'keep') return { kind: 'kept' };
  return next.kind === 'fail' ? { kind: 'failed', reason: next.detail } : { kind: 'open', seconds };
}

/** Before the state forgets it: told twice after a crash rather than never. */
export async function tell(
  ports: Ports,
  endpoint: string,
  spec: EndpointSpec,
  tellings: readonly Telling[],
): Promise<void> {
  if (tellings.length === 0) return;
  await ports.events.tell(endpoint, spec.endpointName, tellings);
  for (const { what, revision, slot, reason, retried, secondsFromUpload } of tellings) {
    ports.telemetry.decision({
      endpoint,
      decision: what,
      because: what === 'refused' ? (retried ? 'refused-retried' : 'quarantined') : what,
      detail: reason,
      revision: short(revision),
      slot,
      secondsFromUpload,
    });
    if (what === 'succeeded') ports.telemetry.metric(endpoint, 'Swaps', 1);
    if (secondsFromUpload !== undefined) ports.telemetry.metric(endpoint, 'UploadToServed', secondsFromUpload);
    if (what === 'refused' && !retried) ports.telemetry.metric(endpoint, 'Quarantines', 1);
  }
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
