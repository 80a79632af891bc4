import { sleep } from '@freshpoint/simulator/core/clock';
import type { Journal } from '../journal.ts';
import type { Oracle } from '../oracle/oracle.ts';
import type { Random } from '../random.ts';
import type { AnswerOf } from '../worlds/answers.ts';
import type { EndpointLayout } from '../worlds/layout.ts';
import type { World } from '../worlds/world.ts';
import { PERSON } from './person-caller.ts';

/** How often a person who waits checks whether to stop, in ms. */
const WAIT_STEP_MS = 15_000;

/** The dependencies and state that all persons' actions share. */
export class PersonContext {
  /** Nothing new begins any more. */
  isCalm = false;
  readonly world: World;
  readonly layout: EndpointLayout;
  readonly journal: Journal;
  readonly oracle: Oracle;
  readonly random: Random;
  /** By how much the persons' clocks are ahead, in ms. */
  readonly clockSkewMs: number;
  #number = 0;

  constructor(oracle: Oracle, random: Random, clockSkewMs: number) {
    const { world, layout, journal } = oracle;
    this.world = world;
    this.layout = layout;
    this.journal = journal;
    this.oracle = oracle;
    this.clockSkewMs = clockSkewMs;
    this.random = random;
  }

  note(text: string): void {
    this.journal.note('person', () => text);
  }

  /** A number that no other upload or config has. */
  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  /** That long, or until everything has to calm down. */
  async wait(ms: number): Promise<void> {
    const { clock } = this.world;
    const until = clock.now() + ms;
    while (clock.now() < until && !this.isCalm) await sleep(clock, Math.min(WAIT_STEP_MS, until - clock.now()));
  }

  /** Calls a service as a person. */
  call<S extends string, O extends string>(service: S, operation: O, input: object): Promise<AnswerOf<S, O>> {
    return this.world.cloud.call(service, operation, input, PERSON) as Promise<AnswerOf<S, O>>;
  }
}
