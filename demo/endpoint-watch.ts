import type { DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import type { Clock } from '@freshpoint/simulator/core/clock';
import type { Lane } from './timeline/lanes.ts';

/** The parts of DescribeEndpoint's output that the demo uses. */
export type EndpointSnapshot = Pick<
  DescribeEndpointOutput,
  | 'EndpointName'
  | 'EndpointStatus'
  | 'EndpointConfigName'
  | 'FailureReason'
  | 'PendingDeploymentSummary'
  | 'ProductionVariants'
>;

/** Options of an endpoint watch. */
export interface EndpointWatchOptions {
  readonly describe: () => Promise<EndpointSnapshot>;
  readonly clock: Clock;
  /** Name of the model that the next refresh serves. */
  readonly newest: () => string;
  /** Called after each poll. */
  readonly onPoll: () => void;
  /**
   * Time between two polls, in milliseconds. AWS throttles calls well below 30 000.
   * @default 200
   */
  readonly intervalMs?: number;
}

type SlotName = 'A' | 'B';

const INTERVAL_MS = 200;

/** Polls an endpoint and follows its two slots. */
export class EndpointWatch {
  readonly #options: EndpointWatchOptions;
  /** Slot of each endpoint config seen. */
  readonly #slots = new Map<string, SlotName>();
  /** Config that each slot served with most recently. */
  readonly #configs: Partial<Record<SlotName, string>> = {};
  /** Name of the model in each slot. */
  readonly #holds: Partial<Record<SlotName, string>> = {};
  #cancel: (() => void) | undefined;
  #stopped = false;
  #view: EndpointSnapshot | undefined;
  #lastError: unknown;
  #launching: SlotName | undefined;
  #failed: SlotName | undefined;
  #swaps = 0;
  #updates = 0;

  constructor(options: EndpointWatchOptions) {
    this.#options = options;
  }

  /** Polls now, and then until the watch is stopped. */
  async start(): Promise<void> {
    await this.#poll();
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.schedule(this.#options.intervalMs ?? INTERVAL_MS, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** The newest description. */
  get view(): EndpointSnapshot | undefined {
    return this.#view;
  }

  /** Updates that ended in service on the other endpoint config. */
  get swaps(): number {
    return this.#swaps;
  }

  /** Updates that began, successful or not. */
  get updates(): number {
    return this.#updates;
  }

  /** The slot that serves. */
  get activeSlot(): SlotName | undefined {
    const config = this.#view?.EndpointConfigName;
    return config === undefined ? undefined : this.#slots.get(config);
  }

  /** The newest description, in words. */
  describe(): string {
    if (!this.#view) return `no response from DescribeEndpoint (${this.#lastError ?? 'not called yet'})`;
    const { EndpointStatus, EndpointConfigName, FailureReason } = this.#view;
    return `${EndpointStatus} on ${EndpointConfigName}${FailureReason ? `: ${FailureReason}` : ''}`;
  }

  /** Both slots, for the timeline. */
  lanes(): Lane[] {
    return (['A', 'B'] as const).map((name) => ({ name, state: this.#stateOf(name), holds: this.#holds[name] }));
  }

  #stateOf(slot: SlotName): Lane['state'] {
    if (slot === this.#launching) return this.#isRedeployment ? 'redeploying' : 'launching';
    if (slot === this.activeSlot) return 'serving';
    return slot === this.#failed ? 'failed' : 'empty';
  }

  /** A deployment launches another fleet for the slot that serves. */
  get #isRedeployment(): boolean {
    return this.#view?.EndpointStatus === 'Updating' && this.#launching === this.activeSlot;
  }

  async #poll(): Promise<void> {
    try {
      const view = await this.#options.describe();
      if (this.#stopped) return;
      this.#note(view);
    } catch (error) {
      this.#lastError = error;
    }
    if (!this.#stopped) this.#options.onPoll();
  }

  #note(view: EndpointSnapshot): void {
    const isFirst = this.#view === undefined;
    const wasActive = this.activeSlot;
    const wasLaunching = this.#launching;
    this.#view = view;
    const config = view.EndpointConfigName;
    const active = config === undefined ? undefined : this.#slotOf(config);
    const launching = this.#launchingSlot(view, active);
    if (launching !== undefined && launching !== wasLaunching) {
      if (!isFirst) this.#updates++;
      this.#failed = undefined;
      this.#holds[launching] = this.#modelOf(launching, view.PendingDeploymentSummary?.EndpointConfigName, active);
    }
    if (launching === undefined && wasLaunching !== undefined && wasLaunching !== active) this.#failed = wasLaunching;
    if (active !== undefined && active !== wasActive) {
      if (wasActive !== undefined) this.#swaps++;
      // A launch that began and ended between two polls.
      if (active !== wasLaunching) this.#holds[active] = this.#modelOf(active, config, wasActive);
    }
    this.#launching = launching;
    if (active !== undefined) this.#configs[active] = config;
  }

  #launchingSlot(view: EndpointSnapshot, active: SlotName | undefined): SlotName | undefined {
    if (view.EndpointStatus === 'Creating') return active;
    if (view.EndpointStatus !== 'Updating') return undefined;
    const pending = view.PendingDeploymentSummary?.EndpointConfigName;
    return pending === undefined ? other(active) : this.#slotOf(pending);
  }

  /**
   * Name of the model in a slot that is launched with a config. A deployment replaces slot A's config and keeps the
   * model that serves; everything else is a refresh.
   */
  #modelOf(slot: SlotName, config: string | undefined, serving: SlotName | undefined): string {
    const before = this.#configs[slot];
    const isDeployment = slot === 'A' && before !== undefined && config !== undefined && config !== before;
    const kept = serving && this.#holds[serving];
    return isDeployment && kept !== undefined ? kept : this.#options.newest();
  }

  // Of two configs without slots in their names, the first one seen is slot A's.
  #slotOf(config: string): SlotName {
    const named: Readonly<Record<string, SlotName>> = { '-a': 'A', '-b': 'B' };
    const slot = named[config.slice(-2)] ?? this.#slots.get(config) ?? (this.#slots.size === 0 ? 'A' : 'B');
    this.#slots.set(config, slot);
    return slot;
  }
}

const other = (slot: SlotName | undefined) => (slot === 'A' ? 'B' : 'A');
