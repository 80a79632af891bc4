import type { DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import type { Clock } from './clock.ts';
import type { Lane } from './timeline/lanes.ts';

/** What DescribeEndpoint says that the demo looks at. */
export type EndpointView = Pick<
  DescribeEndpointOutput,
  | 'EndpointName'
  | 'EndpointStatus'
  | 'EndpointConfigName'
  | 'FailureReason'
  | 'PendingDeploymentSummary'
  | 'ProductionVariants'
>;

/** What an endpoint watch needs. */
export interface EndpointWatchOptions {
  readonly describe: () => Promise<EndpointView>;
  readonly clock: Clock;
  /** Name of the newest upload: what a fleet that is launched now will hold. */
  readonly newest: () => string;
  /** Called after each look. */
  readonly onLook: () => void;
  /**
   * Between looks, in milliseconds. On AWS, 30 000 is safe; below that calls get throttled.
   * @default 200
   */
  readonly everyMs?: number;
}

/** Looks at an endpoint again and again, and keeps book of its two slots. */
export class EndpointWatch {
  readonly #options: EndpointWatchOptions;
  readonly #slots = new Map<string, 'A' | 'B'>();
  readonly #holds: Partial<Record<'A' | 'B', string>> = {};
  #cancel: (() => void) | undefined;
  #stopped = false;
  #view: EndpointView | undefined;
  #lastError: unknown;
  #launching: 'A' | 'B' | undefined;
  #refused: 'A' | 'B' | undefined;
  // A deployment launches a fleet for the slot that serves: what that one is, in case it stays.
  #renewing: { readonly config: string | undefined; readonly holds: string | undefined } | undefined;
  #swaps = 0;
  #updates = 0;

  constructor(options: EndpointWatchOptions) {
    this.#options = options;
  }

  /** Looks at once, and then until it is stopped. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.schedule(this.#options.everyMs ?? 200, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** The newest look. */
  get view(): EndpointView | undefined {
    return this.#view;
  }

  /** Updates that ended in service on the other endpoint config. */
  get swaps(): number {
    return this.#swaps;
  }

  /** Updates that began, whatever came of them. */
  get updates(): number {
    return this.#updates;
  }

  /** The slot that serves. */
  get activeSlot(): 'A' | 'B' | undefined {
    return this.#view?.EndpointConfigName === undefined ? undefined : this.#slots.get(this.#view.EndpointConfigName);
  }

  /** The newest look, in words. */
  describe(): string {
    if (!this.#view) return `no answer from DescribeEndpoint (${this.#lastError ?? 'not asked yet'})`;
    const { EndpointStatus, EndpointConfigName, FailureReason } = this.#view;
    return `${EndpointStatus} on ${EndpointConfigName}${FailureReason ? `: ${FailureReason}` : ''}`;
  }

  /** Both slots, for the timeline. */
  lanes(): Lane[] {
    return (['A', 'B'] as const).map((name) => ({ name, state: this.#stateOf(name), holds: this.#holds[name] }));
  }

  #stateOf(slot: 'A' | 'B'): Lane['state'] {
    if (slot === this.#launching) return this.#renewing ? 'renewing' : 'launching';
    if (slot === this.activeSlot) return 'serving';
    return slot === this.#refused ? 'refused' : 'empty';
  }

  async #look(): Promise<void> {
    try {
      const view = await this.#options.describe();
      if (this.#stopped) return;
      this.#note(view);
    } catch (error) {
      this.#lastError = error;
    }
    if (!this.#stopped) this.#options.onLook();
  }

  #note(view: EndpointView): void {
    const before = this.#view;
    const wasActive = this.activeSlot;
    this.#view = view;
    const active = view.EndpointConfigName === undefined ? undefined : this.#slotOf(view.EndpointConfigName);
    const launching = this.#launchingSlot(view, active);
    if (launching !== undefined && launching !== this.#launching) {
      if (before) this.#updates++;
      this.#refused = undefined;
      if (view.EndpointStatus === 'Updating' && launching === active) {
        this.#renewing = { config: view.EndpointConfigName, holds: this.#holds[launching] };
      }
      this.#holds[launching] = this.#options.newest();
    }
    if (launching === undefined && this.#renewing && active) {
      if (view.EndpointConfigName === this.#renewing.config) this.#holds[active] = this.#renewing.holds;
      this.#renewing = undefined;
    }
    if (launching === undefined && this.#launching !== undefined && this.#launching !== active) {
      this.#refused = this.#launching;
    }
    if (active !== undefined && active !== wasActive) {
      if (wasActive !== undefined) this.#swaps++;
      // A launch that came and went between two looks.
      if (active !== this.#launching) this.#holds[active] = this.#options.newest();
    }
    this.#launching = launching;
  }

  #launchingSlot(view: EndpointView, active: 'A' | 'B' | undefined): 'A' | 'B' | undefined {
    if (view.EndpointStatus === 'Creating') return active;
    if (view.EndpointStatus !== 'Updating') return undefined;
    const pending = view.PendingDeploymentSummary?.EndpointConfigName;
    return pending === undefined ? other(active) : this.#slotOf(pending);
  }

  // Of two configs without slots in their names, the deployment begins with slot A.
  #slotOf(config: string): 'A' | 'B' {
    const named = /-([ab])$/.exec(config)?.[1]?.toUpperCase() as 'A' | 'B' | undefined;
    const slot = named ?? this.#slots.get(config) ?? (this.#slots.size === 0 ? 'A' : 'B');
    this.#slots.set(config, slot);
    return slot;
  }
}

const other = (slot: 'A' | 'B' | undefined) => (slot === 'A' ? 'B' : 'A');
