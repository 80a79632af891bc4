import type { Trigger } from '@freshpoint/engine/policy/rollout';
import type { LoadedData } from '@freshpoint/simulator/test/sagemaker/virtual-launcher';
import type { FunctionRun } from '../worlds/function-run.ts';
import type { SourceKeys } from '../worlds/layout.ts';
import type { Quality } from '../worlds/model-data.ts';

/** Who updates the endpoint. */
export type Mover = 'controller' | 'deployment' | 'person';

/** One accepted update of the endpoint, and its result. */
export interface Update {
  readonly by: Mover;
  readonly config: string;
  readonly from: string;
  /** Of an update by the controller, as its state recorded it. */
  readonly revision?: string;
  readonly trigger?: Trigger;
  readonly startedAt: number;
  /** Instances by variant. */
  readonly counts: readonly number[];
  readonly deploymentConfig?: string;
  /** Set if a fault makes it fail. */
  readonly fault?: string;
  readonly reasonBefore?: string;
  readonly run?: FunctionRun;
  /** The data that its instances have loaded, by instance. */
  readonly loaded: Map<string, readonly LoadedData[]>;
  /** The sources of that data. */
  readonly sources: SourceKeys;
  /** ETags of that data by the URI of its source, once instances have loaded it. */
  data?: ReadonlyMap<string, string>;
  /** The revision with that data, of an update by a deployment. */
  deployed?: string;
  /** Of a deployment that declares other sources. */
  readonly changesSources?: true;
  endedAt?: number;
  outcome?: 'served' | 'refused' | 'stuck';
  reason?: string;
  /** When the controller published its success, the last time: what it recorded then is what it knows. */
  publishedAt?: number;
}

/** A deployment of the stack. */
export interface Deployment {
  /** Declared before it, and by it. */
  readonly from: SourceKeys;
  readonly to: SourceKeys;
  readonly startedAt: number;
  /** When the deployment gate let it continue. */
  admittedAt?: number;
  /** When it last saw the data that the next fleet loads: for the deployment, or for its rollback. */
  checkedAt?: number;
  /** The update that served when it moved the endpoint. */
  replaced?: Update;
}

/** A refresh event on the bus. */
export interface PublishedRefresh {
  readonly type: string;
  readonly at: number;
  readonly revision: string;
  readonly configName: string;
  readonly startedAt?: number;
  readonly warning?: string;
}

/** Clocks differ by at most 6 s, and S3's times are whole seconds: how much younger a settled source may be. */
export const TOLERANCE_MS = 12_000;

/** A pass that knew the deleted state may still call UpdateEndpoint this long, in ms. */
const REBUILD_MS = 120_000;

/** SageMaker's own failure, in FailureReason. */
export const INTERNAL_FAILURE = /^Request to service/;

/** The past of the endpoint, as far as the checks need it. */
export class Ledger {
  readonly updates: Update[] = [];
  readonly published: PublishedRefresh[] = [];
  /** By ETag. */
  readonly quality = new Map<string, Quality>();
  /** Revisions that a person has pinned, even if the smoke tests refuse them. */
  readonly pinned = new Set<string>();
  readonly failedSmokeTests = new Set<string>();
  /** Revisions that serve untested, which was published: a deployment did not wait for their smoke tests. */
  readonly untested = new Set<string>();
  /** When the endpoint was scaled or patched. */
  readonly touchedAt: number[] = [];
  /** When DescribeEndpoint answered as before the last swap. */
  readonly outdatedAt: number[] = [];
  /** When passes died. */
  readonly crashedAt: number[] = [];
  /** When messages were received whose delivery was lost: the queue hides them as if a pass had died. */
  readonly lostPollAt: number[] = [];
  /** When old objects of the data bucket expired. */
  readonly expiredAt: number[] = [];
  /** When a person deleted the state. */
  readonly stateDeletedAt: number[] = [];
  /** When the controller rebuilt it last. */
  stateRebuiltAt = 0;
  /** Calls whose effect and reply may differ, and stale reads: each may cost a swap. */
  ambiguities = 0;
  /** The update under way. */
  update: Update | undefined;
  /** The update whose fleet serves. */
  live: Update | undefined;
  status = '';
  /** When the status changed. */
  changedAt = 0;
  /** The one under way. */
  deployment: Deployment | undefined;
  /** When the latest deployment ended that declared other sources. */
  sourcesChangedAt = 0;
  /** Revisions of changed sources whose quarantine was that of the revision of the sources before. */
  readonly carried = new Map<string, string>();
  /** The stack is in UPDATE_ROLLBACK_FAILED: until a person resolves that, spec and permissions may not match. */
  isStackBroken = false;

  /** The stack exists, and the story begins. */
  begin(): void {
    this.updates.length = 0;
    this.touchedAt.length = 0;
  }

  get isDeploying(): boolean {
    return this.deployment !== undefined;
  }

  /** Until when a deployment may change which sources the controller reads; infinite: still. */
  sourcesChangeUntil(): number {
    const { deployment } = this;
    return deployment && deployment.from !== deployment.to ? Number.POSITIVE_INFINITY : this.sourcesChangedAt;
  }

  /** Whether only the controller has changed the endpoint, and nothing is stuck. */
  isUntouchedByOthers(): boolean {
    const isOurs = this.updates.every(({ by, outcome }) => by === 'controller' && outcome !== 'stuck');
    return isOurs && this.touchedAt.length === 0 && !this.isDeploying;
  }

  /** Whether the endpoint was scaled, patched or moved by a person. */
  isTouchedSince(since: number): boolean {
    const isMoved = this.updates.some(({ by, startedAt }) => by === 'person' && startedAt >= since);
    return isMoved || this.touchedAt.some((at) => at >= since);
  }

  /** How often the state was deleted during an update, which then may be repeated. */
  deletionsDuringUpdates(): number {
    return this.updates.filter((update) => this.isStateDeletedDuring(update)).length;
  }

  /** Whether a person deleted the state before the controller had published the end of its update. */
  isStateDeletedDuring({ by, startedAt, revision, config }: Update): boolean {
    if (by !== 'controller') return false;
    const end = this.published.find(
      (event) =>
        event.type !== 'started' && event.revision === revision && event.configName === config && event.at >= startedAt,
    );
    const concludedAt = end?.at ?? Number.POSITIVE_INFINITY;
    return this.stateDeletedAt.some((at) => at >= startedAt - REBUILD_MS && at <= concludedAt);
  }

  #isPublished(revision: string): boolean {
    return this.published.some((event) => event.revision === revision);
  }

  /** Revisions that served, oldest first, each as often as the controller or a change of the sources brought it. */
  servedRevisions(): string[] {
    return this.updates.flatMap(({ by, outcome, revision, deployed, changesSources }) => {
      if (outcome !== 'served') return [];
      if (by === 'controller') return revision ?? [];
      // What a deployment loaded that failed, or that ended without a record, is in no history.
      return changesSources && deployed !== undefined && this.#isPublished(deployed) ? deployed : [];
    });
  }
}
