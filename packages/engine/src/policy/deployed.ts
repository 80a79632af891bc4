import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import { advanceRollout } from './advance.ts';
import { type NextStep, observeFirst, requeue, shortPollSeconds } from './next.ts';
import type { EndpointView, SourcesView } from './observation.ts';
import { continueTests, isDeferred } from './phases/testing.ts';
import type { ReadyEndpoint } from './ready-endpoint.ts';
import type { RefreshEvent } from './refresh-event.ts';
import { servedLast } from './retention.ts';
import { isLoadedAsRead } from './serving.ts';
import {
  type EndpointState,
  hasChangedSources,
  isSamePin,
  type ObservedSources,
  type PendingDeployment,
  type Pin,
  type Serving,
  servedRevision,
} from './state.ts';

/** Pause before smoke tests that waited for a deployment are due again, in seconds. */
const TEST_SECONDS = 1;

/** Concludes an admitted deployment, if it is over, and continues with the next step of the rollout. */
export function afterDeployment(ready: ReadyEndpoint, deployment: PendingDeployment): NextStep {
  const { observation, state, active } = ready;
  const { endpoint, stack, spec } = observation;
  if (hasMoved(deployment, { endpoint, slot: active })) return afterMove(ready, deployment);
  if (!stack) return observeFirst('stack');
  if (stack.kind === 'deploying') {
    return isDeferred(state)
      ? requeue('StackBusy', `The stack is ${stack.status}.`, shortPollSeconds(spec))
      : advanceRollout(ready);
  }
  // The deployment ended without moving the endpoint: what it would have loaded no longer matters.
  return testOrAdvance({ ...ready, state: { ...state, deployment: undefined } });
}

/** Smoke tests that waited for the deployment come first: what they say decides what is rolled out next. */
function testOrAdvance(ready: ReadyEndpoint): NextStep {
  const { state } = ready;
  if (state.rollout?.phase !== 'testing') return advanceRollout(ready);
  const message = state.rollout.unanswered ?? 'The smoke tests are sent again.';
  return { ...requeue('Testing', message, TEST_SECONDS), state };
}

/** The deployment moved the endpoint: the event is published together with the state that records it. */
function afterMove({ observation, state, active }: ReadyEndpoint, deployment: PendingDeployment): NextStep {
  const { spec, endpoint, sources } = observation;
  if (!sources) return observeFirst('sources');
  const deployed = concludeDeployment({ endpoint, spec, sources, slot: active }, state, deployment);
  const step = testOrAdvance({ observation, state: deployed.state, active });
  if (step.next.kind === 'observe' || !step.state) return step;
  return { ...step, events: [...deployed.events, ...(step.events ?? [])] };
}

/** Whether the deployment moved the endpoint to another config, or created it. Only others move it to slot B. */
export function hasMoved(
  { configName, endpointCreated }: PendingDeployment,
  { endpoint, slot }: Pick<DeployedEndpoint, 'endpoint' | 'slot'>,
): boolean {
  const isAnother = endpointCreated !== undefined && endpointCreated !== endpoint.created;
  return slot === 'a' && (isAnother || configName !== endpoint.configName);
}

/** An endpoint in service on a slot of a deployment. */
interface DeployedEndpoint {
  readonly endpoint: EndpointView;
  readonly spec: Pick<EndpointSpec, 'data'>;
  /** Needed only where models load sources in place. */
  readonly sources?: SourcesView;
  readonly slot: Slot;
}

/** The fleet that a deployment brought up loaded what the gate admitted, if the sources still have it. */
export function concludeDeployment(
  deployed: DeployedEndpoint,
  state: EndpointState,
  deployment: PendingDeployment,
): { readonly state: EndpointState; readonly events: readonly RefreshEvent[] } {
  const { endpoint, spec, sources, slot } = deployed;
  const { newestSource, size } = deployment;
  const { configName, lastModified } = endpoint;
  const revision = isLoadedAsRead({ spec, sources }, deployment) ? deployment.revision : undefined;
  const before = [state.serving, state.replaced].find((each) => revision !== undefined && each?.revision === revision);
  const { rollout, replaced } = state;
  // An upload that others moved the endpoint to, and the deployment took along. Its tests may be on.
  const isUntried =
    spec.data && revision !== undefined && rollout?.phase !== 'testing' && rollout?.revision === revision;
  const serving: Serving = {
    configName,
    revision,
    ...(spec.data?.partial && deployment.revision !== undefined && { slotRevision: deployment.revision }),
    newestSource,
    since: lastModified,
    ...(size !== undefined && { size }),
    ...((before?.untested || isUntried) && { untested: true }),
    ...(before?.tested && { tested: true }),
  };
  const tested = continueTests(state, serving, slot);
  const ended = {
    ...tested,
    deployment: undefined,
    pin: pinAfter(deployed, state, deployment),
    ...(replaced?.endedPin && { replaced: { ...replaced, endedPin: undefined } }),
  };
  const served = servedRevision(serving);
  return {
    state: servedLast({ ...ended, moved: undefined, serving }, served),
    events:
      served === undefined ? [] : [{ type: 'deployed', revision: served, slot, configName, startedAt: lastModified }],
  };
}

/**
 * The pin that the deployment brings, unless a person set another one meanwhile, which may have ended at the sources of
 * the deployment that is rolled back. The same pin in the terms of the same sources knows more in the state: what it
 * takes precedence over, and what it has passed over.
 */
function pinAfter(
  deployed: DeployedEndpoint,
  state: EndpointState,
  { pin: brought }: PendingDeployment,
): Pin | undefined {
  const isBack = isBackAtReplaced(deployed, state);
  const { pin = isBack ? state.replaced?.endedPin : undefined } = state;
  if (!pin) return brought;
  if (!brought || !isSamePin(pin, brought)) return isBack ? pinOver(deployed, pin, state.replaced?.read) : pin;
  const isOfSame = pin.revision === brought.revision && (brought.supersedes ?? pin.supersedes) === pin.supersedes;
  return isOfSame ? pin : brought;
}

/** Whether the deployment was the rollback of one that changed the sources, or may have been, if the state was lost. */
function isBackAtReplaced({ spec }: DeployedEndpoint, state: EndpointState): boolean {
  const { replaced } = state;
  return replaced === undefined || (hasChangedSources(state) && replaced.root === spec.data?.root);
}

/** A pin that was set before the sources were back, in their terms, if nothing was written there since. */
function pinOver({ sources }: DeployedEndpoint, pin: Pin, read?: ObservedSources): Pin {
  const { supersedes, supersedesNewest = 0 } = pin;
  const isInTheirTerms = supersedes !== undefined && supersedes === read?.revision;
  if (isInTheirTerms || sources?.kind !== 'complete') return pin;
  if (sources.newest > Math.max(supersedesNewest, read?.newest ?? 0)) return pin;
  return { ...pin, supersedes: sources.revision, supersedesNewest: sources.newest };
}
