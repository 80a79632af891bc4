import { advanceRollout } from './advance.ts';
import { type NextStep, observeFirst } from './next.ts';
import type { ReadyEndpoint } from './ready-endpoint.ts';
import type { RefreshEvent } from './refresh-event.ts';
import { servedLast } from './retention.ts';
import { isLoadedAsRead } from './serving.ts';
import { type PendingDeployment, type Serving, servedRevision } from './state.ts';

/** Concludes an admitted deployment, if it is over, and continues with the next step of the rollout. */
export function afterDeployment(ready: ReadyEndpoint, deployment: PendingDeployment): NextStep {
  const { endpoint, stack } = ready.observation;
  const isAnother = deployment.endpointCreated !== undefined && deployment.endpointCreated !== endpoint.created;
  if (isAnother || deployment.configName !== endpoint.configName) return afterMove(ready, deployment);
  if (!stack) return observeFirst('stack');
  if (stack.kind === 'deploying') return advanceRollout(ready);
  // The deployment ended without moving the endpoint: what it would have loaded no longer matters.
  return advanceRollout({ ...ready, state: { ...ready.state, deployment: undefined } });
}

/** The deployment moved the endpoint, so its fleet loaded what was admitted, if the sources still have it. */
function afterMove({ observation, state, active }: ReadyEndpoint, deployment: PendingDeployment): NextStep {
  const { spec, endpoint, sources } = observation;
  if (!sources) return observeFirst('sources');
  const { newestSource, size } = deployment;
  const revision = isLoadedAsRead(observation, deployment) ? deployment.revision : undefined;
  const serving: Serving = {
    configName: endpoint.configName,
    revision,
    ...(spec.data?.partial && deployment.revision !== undefined && { slotRevision: deployment.revision }),
    newestSource,
    since: endpoint.lastModified,
    ...(size !== undefined && { size }),
  };
  const moved = servedLast({ ...state, deployment: undefined, serving }, servedRevision(serving));
  const step = advanceRollout({ observation, state: moved, active });
  // The event is published together with the state that records it.
  if (revision === undefined || step.next.kind === 'observe' || !step.state) return step;
  const { configName, lastModified: startedAt } = endpoint;
  const deployed: RefreshEvent = { type: 'deployed', revision, slot: active, configName, startedAt };
  return { ...step, events: [deployed, ...(step.events ?? [])] };
}
