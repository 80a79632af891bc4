import type { Tag } from '@aws-sdk/client-sagemaker';
import { sleep } from '../core/clock.ts';
import type { Caller, Deps, Service } from '../core/cloud.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { Deployments } from './deployments.ts';
import { summary } from './describe.ts';
import { durableStore } from './durable-store.ts';
import { endpointConfigOperations } from './endpoint-configs.ts';
import { endpointOperations, findEndpoint } from './endpoints.ts';
import type { Faults, UpdateFault } from './faults.ts';
import type { FleetContext } from './fleet.ts';
import { invocationOperations } from './invocation.ts';
import type { InstanceLauncher } from './launcher.ts';
import { packageGroupOperations } from './model-package-groups.ts';
import { type ModelPackageStateChange, packageOperations } from './model-packages.ts';
import { modelOperations } from './models.ts';
import { createStore, type Endpoint, keyOf } from './store.ts';
import { tagOperations } from './tags.ts';
import type { Times } from './times.ts';

/** An event as SageMaker sends it to EventBridge's default bus, which adds id, time, account and region. */
export interface EndpointStateChange {
  readonly source: 'aws.sagemaker';
  readonly 'detail-type': 'SageMaker Endpoint State Change';
  /** The endpoint's ARN. */
  readonly resources: readonly string[];
  readonly detail: {
    readonly EndpointName: string;
    readonly EndpointArn: string;
    readonly EndpointConfigName: string;
    /** As events spell it: `IN_SERVICE`. */
    readonly EndpointStatus: string;
    readonly FailureReason?: string;
    readonly ProductionVariants: readonly object[];
    /** Epoch milliseconds. */
    readonly CreationTime: number;
    /** Epoch milliseconds. */
    readonly LastModifiedTime: number;
    readonly Tags: Readonly<Record<string, string>>;
  };
}

export interface SageMakerExtras {
  readonly launcher: InstanceLauncher;
  readonly times: Times;
  /** The caller that a model's execution role is when SageMaker assumes it, also for a role that IAM does not know. */
  readonly callerForRole: (roleArn: string) => Caller;
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
  const store = createStore();

  const context: FleetContext = {
    ids: deps.ids,
    times: extras.times,
    launcher: extras.launcher,
    callerForRole: extras.callerForRole,
    wait: (ms) => sleep(deps.clock, ms),
  };

  const changed = (endpoint: Endpoint) => {
    extras.emit?.(stateChange(endpoint, store.tags.get(endpoint.arn) ?? []));
  };
  const deployments = new Deployments(deps.clock, store, context, changed);

  const injected = new Map<string, UpdateFault[]>();
  const faults: Faults = {
    nextUpdate(endpointName, fault) {
      const key = keyOf(endpointName);
      injected.set(key, [...(injected.get(key) ?? []), fault]);
    },
    forceStatus(endpointName, status) {
      const endpoint = findEndpoint(deps, store, endpointName);
      deployments.become(endpoint, status, endpoint.failureReason);
    },
  };
  const takeFault = (endpointName: string) => injected.get(keyOf(endpointName))?.shift();

  return {
    service: {
      name: 'sagemaker',
      operations: {
        ...modelOperations(deps, store, extras.callerForRole),
        ...endpointConfigOperations(deps, store),
        ...endpointOperations({ deps, store, fleets: context, deployments, takeFault }),
        ...packageGroupOperations(deps, store, extras.policies),
        ...packageOperations(deps, store, (event) => extras.emit?.(event)),
        ...tagOperations(store),
        ...invocationOperations(deps, store, extras.times),
      },
      durable: durableStore(store, context, deployments),
    },
    faults,
    stop: () => deployments.stop(),
  };
}

function stateChange(endpoint: Endpoint, tags: readonly Tag[]): EndpointStateChange {
  return {
    source: 'aws.sagemaker',
    'detail-type': 'SageMaker Endpoint State Change',
    resources: [endpoint.arn],
    detail: {
      EndpointName: endpoint.name,
      EndpointArn: endpoint.arn,
      EndpointConfigName: endpoint.config.EndpointConfigName,
      EndpointStatus: endpoint.status.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase(),
      ...(endpoint.failureReason !== undefined && { FailureReason: endpoint.failureReason }),
      // Events are JSON, so their times are text.
      ProductionVariants: JSON.parse(JSON.stringify(endpoint.fleet?.variants.map(summary) ?? [])),
      CreationTime: endpoint.created,
      LastModifiedTime: endpoint.modified,
      Tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
    },
  };
}
