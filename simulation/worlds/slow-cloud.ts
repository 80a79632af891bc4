import { type Clock, sleep } from '@freshpoint/simulator/core/clock';
import { type Caller, Cloud } from '@freshpoint/simulator/core/cloud';

/** Operations that only read: CloudFormation's polls. */
const READS = /^(Describe|Get|List)/;

/** The cloud as CloudFormation calls it: each change of a resource takes its time. */
export class SlowCloud extends Cloud {
  readonly #cloud: Cloud;
  readonly #clock: Clock;
  readonly #drawMs: () => number;

  constructor(cloud: Cloud, clock: Clock, drawMs: () => number) {
    super();
    this.#cloud = cloud;
    this.#clock = clock;
    this.#drawMs = drawMs;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as Cloud.call, whose callers know the shape
  override async call<O = any>(service: string, operation: string, input: unknown, caller: Caller): Promise<O> {
    if (!READS.test(operation)) await sleep(this.#clock, this.#drawMs());
    return await this.#cloud.call<O>(service, operation, input, caller);
  }
}
