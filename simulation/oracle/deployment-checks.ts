import { DEPLOYMENT_TIMEOUT_SECONDS } from '@freshpoint/cdk/contract';
import type { LoadedData } from '@freshpoint/simulator/test/sagemaker/virtual-launcher';
import { archiveKeys, removesSource, type SourceKeys } from '../worlds/layout.ts';
import type { Deployment, Update } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import { sourceUri } from './sources.ts';

/** A file in a folder of a slot. */
const SLOT_FOLDER = /\/slots\/[^/]+\/[ab]\/\d+\/(?<path>.+)$/;

/** How a deployment updates the endpoint. */
export interface DeploymentMove {
  readonly sources: SourceKeys;
  readonly changesSources?: true;
}

/**
 * A deployment changes settings: its fleet loads what serves, unless that failed its smoke tests. So it does from a
 * source that it adds, too; and if it is rolled back, what served before it serves again.
 */
export class DeploymentChecks {
  readonly #parts: OracleParts;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** CloudFormation is about to update the endpoint: it moves it, or moves it back. */
  begun(): DeploymentMove {
    const { ledger, view, sources } = this.#parts;
    const { deployment } = ledger;
    if (!deployment) return { sources: sources.declared };
    const { from, to } = deployment;
    if (view.isRollingBack()) return { sources: from };
    deployment.replaced = ledger.live;
    return { sources: to, ...(from !== to && { changesSources: true }) };
  }

  /** The fleet's data is known. */
  loaded(update: Update): void {
    const [data] = update.loaded.values();
    if (!data) return;
    const etags = this.#bySource(update.sources, data);
    update.data = etags;
    if (update.by === 'deployment') update.deployed = this.#parts.sources.learn(update.sources, etags);
  }

  /** Whether the gate of its rollback found no answer in time, because passes failed: it goes on with what there is. */
  #hasGivenUp({ admittedAt = 0, checkedAt = 0 }: Deployment): boolean {
    const { ledger, world } = this.#parts;
    const isOver = world.clock.now() - admittedAt >= DEPLOYMENT_TIMEOUT_SECONDS * 1000;
    return checkedAt <= admittedAt && isOver && ledger.crashedAt.some((at) => at >= admittedAt);
  }

  /** The fleet of the deployment serves; the ledger still knows the one before. */
  served(update: Update): void {
    const { ledger, layout, journal } = this.#parts;
    const { deployment } = ledger;
    // A deployment is not tested: what comes from a source that it adds serves untested.
    if (update.changesSources && update.deployed !== undefined) ledger.untested.add(update.deployed);
    if (update.by !== 'deployment' || !deployment || layout.slotData !== 'all') return;
    const isBack = ledger.live?.by === 'deployment' && ledger.live !== deployment.replaced;
    const before = isBack ? deployment.replaced : ledger.live;
    if (!before?.data || before.by === 'person' || this.#hasFailed(before)) return;
    // It is not known any more what served from a source that the deployment had removed: what is there is loaded.
    const lostAt = ledger.stateDeletedAt.findLast((at) => at >= deployment.startedAt);
    // Nor does a rollback load it whose gate found no answer in time, because the state was not rebuilt by then.
    const isUnknown =
      lostAt !== undefined && (removesSource(deployment.from, deployment.to) || (deployment.checkedAt ?? 0) < lostAt);
    // What served may have expired since.
    const hasExpired = ledger.expiredAt.some((at) => at >= deployment.startedAt);
    if (isBack && (isUnknown || hasExpired || this.#hasGivenUp(deployment))) {
      if (update.deployed !== undefined) ledger.untested.add(update.deployed);
      return;
    }
    for (const data of update.loaded.values()) {
      for (const [uri, etag] of this.#bySource(update.sources, data)) {
        const kept = before.data.get(uri);
        const isNew = kept === undefined && !isBack;
        const stored = { sources: update.sources, uri, etag };
        if (isNew ? this.#parts.sources.wasStoredSince(deployment.startedAt, stored) : etag === kept) continue;
        const what = isBack ? 'the rollback of a deployment' : 'a deployment';
        journal.violation(`the fleet of ${what} has loaded ${etag} of ${uri}, ${kept ?? 'which it never was'} served`);
        return;
      }
    }
    journal.reached('a deployment kept the serving revision');
    if (deployment.from === deployment.to) return;
    journal.reached(
      isBack
        ? 'what served before a change of the sources serves after its rollback'
        : 'deployment changed the sources',
    );
  }

  #hasFailed({ revision, deployed }: Update): boolean {
    const { failedSmokeTests } = this.#parts.ledger;
    return [revision, deployed].some((each) => each !== undefined && failedSmokeTests.has(each));
  }

  /** The source of a file in a slot's folder; the URI as it is, if the prefix is in place. */
  #inFolder({ prefix }: SourceKeys, uri: string): string {
    const path = SLOT_FOLDER.exec(uri)?.groups?.path;
    return path === undefined ? uri : sourceUri(this.#parts.world, `${prefix}${path}`);
  }

  /** ETags by the URI of the source, in whose order the containers are. */
  #bySource(sources: SourceKeys, data: readonly LoadedData[]): Map<string, string> {
    const { world } = this.#parts;
    const archives = archiveKeys(sources);
    return new Map(
      data.map(({ uri, etag }, index) => {
        const key = archives[index];
        return [key === undefined ? this.#inFolder(sources, uri) : sourceUri(world, key), world.wholeEtag(etag)];
      }),
    );
  }
}
