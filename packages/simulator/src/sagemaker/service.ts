import type { Deps, Service } from '../core/cloud.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { Deployments } from './deployments.ts';
import { type EndpointStateChange, endpointStateChange } from './describe.ts';
import { durableStore } from './durable-store.ts';
import { endpointConfigOperations } from './endpoint-configs.ts';
import { endpointOperations } from './endpoints.ts';
import type { Faults } from './faults.ts';
import type { FleetContext } from './fleet.ts';
import { invocationOperations } from './invocation.ts';
import { type ModelPackageStateChange, packageGroupOperations, packageOperations } from './model-registry.ts';
import { modelOperations } from './models.ts';
import { createStore } from './store.ts';
import { tagOperations } from './tags.ts';

export interface SageMakerExtras extends Pick<FleetContext, 'launcher' | 'times' | 'callerForRole'> {
  /** Called at each change of an endpoint's status, and of a model package. @default no events */
  readonly emit?: (event: EndpointStateChange | ModelPackageStateChange) => void;
  /** Enforces the policies of model package groups. @default they are only stored */
  readonly policies?: PolicyHolder;
}

export interface SageMaker {
  /** Control plane and invocations, under the signing name `sagemaker`. */
  readonly service: Service;
  readonly faults: Faults;
  /** Ends every instance. Resolves when all are gone. The clock is stopped before. */
  stop(): Promise<void>;
}

/** SageMaker's endpoints and its Model Registry. All time passes on `deps.clock`. */
export function createSageMaker(deps: Deps, extras: SageMakerExtras): SageMaker {
  const { account, clock, ids } = deps;
  const { launcher, times, callerForRole, emit, policies } = extras;
  const store = createStore(account);
  const fleets: FleetContext = { clock, ids, times, launcher, callerForRole, leaving: new Set() };
  const deployments = new Deployments(fleets, store.endpoints, (endpoint) => emit?.(endpointStateChange(endpoint)));

  return {
    service: {
      name: 'sagemaker',
      operations: {
        ...modelOperations(deps, store, callerForRole),
        ...endpointConfigOperations(clock, store),
        ...endpointOperations(store, fleets, deployments),
        ...packageGroupOperations(clock, store, policies),
        ...packageOperations(deps, store, (event) => emit?.(event)),
        ...tagOperations(store),
        ...invocationOperations(deps, store, times),
      },
      durable: durableStore(store, fleets, deployments),
    },
    faults: {
      nextUpdate: (endpointName, fault) => deployments.inject(endpointName, fault),
      forceStatus(endpointName, status) {
        const endpoint = store.endpoints.find(endpointName);
        deployments.become(endpoint, status, endpoint.failureReason);
      },
    },
    stop: () => deployments.stop(),
  };
}
