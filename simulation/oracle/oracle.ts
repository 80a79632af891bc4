import { type EndpointSpec, EVENT_SOURCE, EVENT_TYPES } from '@freshpoint/cdk/contract';
import type { LoadedData } from '@freshpoint/simulator/test/sagemaker/virtual-launcher';
import type { Journal } from '../journal.ts';
import type { FunctionRun } from '../worlds/function-run.ts';
import { archiveKeys, type Edition, type EndpointLayout, hasSource, keysOf, sourcesOf } from '../worlds/layout.ts';
import { packageSource } from '../worlds/source-names.ts';
import type { Call } from '../worlds/watch.ts';
import type { World } from '../worlds/world.ts';
import type { AccountView } from './account-view.ts';
import { FinalChecks } from './final-checks.ts';
import type { Ledger, PublishedRefresh } from './ledger.ts';
import { OracleParts } from './parts.ts';
import { PinWatch } from './pin-watch.ts';
import { PublicationChecks } from './publication-checks.ts';
import { RejectionChecks } from './rejection-checks.ts';
import { RestChecks } from './rest-checks.ts';
import { ServedData } from './served-data.ts';
import { SlotDataChecks } from './slot-data-checks.ts';
import type { SourceHistory } from './source-history.ts';
import { StallChecks } from './stall-checks.ts';
import { StateWatch } from './state-watch.ts';
import { SwapChecks } from './swap-checks.ts';
import { UpdateWatch } from './update-watch.ts';

/** What an oracle is built from, besides the account. */
export interface OracleOptions {
  readonly journal: Journal;
  /** By how much S3's clock is ahead, in ms. */
  readonly s3SkewMs: number;
}

/**
 * Knows the truth and compares the controller's actions with it. No check comes from the engine: the invariants are
 * those of the contract, in terms of calls and bytes.
 */
export class Oracle {
  readonly view: AccountView;
  readonly sources: SourceHistory;
  readonly ledger: Ledger;
  readonly states: StateWatch;
  readonly slotData: SlotDataChecks;
  readonly updates: UpdateWatch;
  readonly rest: RestChecks;
  readonly served: ServedData;
  readonly final: FinalChecks;
  readonly rejections: RejectionChecks;
  readonly stalls: StallChecks;
  readonly publications: PublicationChecks;
  readonly world: World;
  readonly journal: Journal;
  readonly layout: EndpointLayout;
  readonly #parts: OracleParts;
  readonly #pins: PinWatch;

  constructor(world: World, layout: EndpointLayout, { journal, s3SkewMs }: OracleOptions) {
    const parts = new OracleParts(world, layout, journal);
    this.layout = layout;
    this.#parts = parts;
    this.world = world;
    this.journal = journal;
    this.view = parts.view;
    this.sources = parts.sources;
    this.ledger = parts.ledger;
    const pins = new PinWatch(parts);
    this.#pins = pins;
    this.states = new StateWatch(parts, pins);
    this.slotData = new SlotDataChecks(parts);
    this.updates = new UpdateWatch(parts, new SwapChecks(parts, this.states, s3SkewMs), pins);
    this.served = new ServedData(parts);
    this.rest = new RestChecks(parts, this.served, pins);
    this.publications = new PublicationChecks(parts);
    this.final = new FinalChecks(parts, this.publications, pins);
    this.rejections = new RejectionChecks(parts);
    this.stalls = new StallChecks(parts, this.served);
  }

  /** Whether a fleet that loads these bytes is refused. */
  isBroken(etag: string): boolean {
    return this.#parts.isBroken(etag);
  }

  /** Revisions that have served, oldest first; the first is the one the endpoint was created with. */
  servedRevisions(): string[] {
    return this.#parts.servedRevisions();
  }

  /** The stack exists, and the story begins. */
  begin(): void {
    this.sources.begin();
    this.ledger.begin();
  }

  /** A person begins a deployment. */
  deploymentBegun(edition: Edition): void {
    this.ledger.deployment = {
      from: this.sources.declared,
      to: sourcesOf(this.layout, edition),
      startedAt: this.world.clock.now(),
    };
  }

  deploymentEnded(): void {
    const { ledger } = this;
    const { from, to } = ledger.deployment ?? {};
    if (from !== to) ledger.sourcesChangedAt = this.world.clock.now();
    ledger.deployment = undefined;
  }

  /** The stack has written the endpoint's spec. */
  specWritten({ sources, waitTime }: EndpointSpec): void {
    this.sources.declareWaitTime(waitTime);
    const declared = sources.map(nameOf);
    const { from, to } = this.ledger.deployment ?? { from: this.sources.declared, to: this.sources.declared };
    const next = this.view.isRollingBack() ? from : to;
    const names = [...keysOf(this.layout), ...archiveKeys(next)];
    if (!names.every((name) => hasSource(next, name) === declared.some((each) => name.startsWith(each)))) {
      this.journal.violation(`the spec declares ${declared}, not ${next.keys}`);
    }
    if (next === this.sources.declared) return;
    this.#pins.sourcesChange(next);
    this.sources.declare(next);
  }

  /** An instance has loaded its data. */
  loaded(instanceId: string, data: readonly LoadedData[]): void {
    this.ledger.update?.loaded.set(instanceId, data);
  }

  /** Events were put on the bus. */
  eventsPublished({ input: { Entries = [] } }: Call, run: FunctionRun | undefined): void {
    // Each consumer of EventBridge may get an event twice.
    if (run?.isRepeating) return;
    for (const { Source, DetailType, Detail } of Entries) {
      if (Source !== EVENT_SOURCE || JSON.parse(Detail).endpoint !== this.layout.id) continue;
      const type = Object.entries(EVENT_TYPES).find(([, name]) => name === DetailType)?.[0] ?? DetailType;
      if (type === 'stalled' || type === 'recovered') {
        this.stalls.published(type, run);
        continue;
      }
      const event: PublishedRefresh = { ...JSON.parse(Detail), type, at: this.#parts.world.clock.now() };
      this.ledger.published.push(event);
      this.publications.published(event, run);
      const { live } = this.ledger;
      if (type === 'succeeded' && live?.revision === event.revision) live.publishedAt = this.#parts.world.clock.now();
    }
  }

  /** An endpoint config is about to be deleted. */
  configDeleted(name: string): void {
    const { status, updates } = this.ledger;
    if (!status || !this.view.exists()) return;
    if (this.view.configsInUse().includes(name) && updates.at(-1)?.by !== 'person') {
      this.#parts.journal.violation(`endpoint config ${name} is deleted while the endpoint uses it`);
    }
  }
}

/** A source's key, name or prefix. */
function nameOf(source: EndpointSpec['sources'][number]): string {
  if ('packageGroup' in source) return packageSource(source.packageGroup);
  if ('newestBelow' in source) return `${source.newestBelow}*${source.suffix}`;
  if ('pointer' in source) return source.pointer;
  if ('marker' in source) return source.marker;
  if ('folder' in source) return source.folder;
  return 'key' in source ? source.key : source.prefix;
}
