import { sleep } from '@freshpoint/simulator/core/clock';
import { NO_FAULTS } from '../faults/rates.ts';
import type { Scenario } from '../persons/scenario.ts';
import type { Layout } from '../worlds/layout.ts';
import { passUntil } from '../worlds/virtual-time.ts';
import { FunctionOverseer } from './function-overseer.ts';
import { Rest } from './rest.ts';
import { RunContext } from './run-context.ts';
import type { RunOptions, RunResult } from './run-result.ts';
import { RunWatch } from './run-watch.ts';

/** Between the first upload and the first deployment, in ms. */
const SETUP_PAUSE_MS = 5 * 60_000;

/** One seed: builds a world, runs the scenario, waits for rest, and reports violations. */
export class Simulation {
  readonly #seed: number;
  readonly #context: RunContext;
  readonly #rest: Rest;

  constructor(seed: number, scenario: Scenario, layout: Layout, options: RunOptions = {}) {
    this.#seed = seed;
    this.#context = new RunContext({
      seed,
      scenario,
      layout,
      timeline: options.timeline ?? 'dropped',
      createOverseer: (context) => new FunctionOverseer(context, options),
    });
    this.#rest = new Rest(this.#context);
  }

  async run(): Promise<RunResult> {
    const context = this.#context;
    const { world, oracle, person, journal, scenario, script } = context;
    // See quiet(): the caller may come straight from an event.
    await undefined;
    world.watch = new RunWatch(context);
    await world.run(
      world.setUp(async () => {
        await person.uploadAll();
        await sleep(world.clock, SETUP_PAUSE_MS);
      }),
    );
    oracle.begin();
    context.isBegun = true;
    context.calls = 0;
    context.rates = scenario.rates;
    context.hasChanged = false;
    script.begin();
    context.updateFaults.begin(scenario.shortage);
    await passUntil(world.clock, world.clock.now() + scenario.calmAfterMs);
    journal.note('', () => 'calm: no more inputs, no more faults');
    context.rates = NO_FAULTS;
    await world.run(person.calmDown());
    if (oracle.ledger.isStackBroken) return this.#result(0, this.#end());
    const restAfterMs = await this.#rest.reach();
    for (const { final } of context.oracles) final.check();
    if (context.second.oracle) journal.reached('two endpoints at rest');
    await this.#rest.checkDeadLetters();
    return this.#result(restAfterMs, this.#end());
  }

  /** The result of a run that ended with an error. */
  broken(error: Error): RunResult {
    this.#context.journal.violation(`the run broke: ${error.stack}`);
    return this.#result(0, '');
  }

  #result(restAfterMs: number, end: string): RunResult {
    const { journal, oracle } = this.#context;
    return {
      seed: this.#seed,
      violations: journal.violations,
      situations: [...journal.situations],
      timeline: journal.lines,
      calls: this.#rest.calls,
      swaps: oracle.ledger.updates.filter(({ by }) => by === 'controller').length,
      restAfterMs,
      end,
    };
  }

  #end(): string {
    const { view, served, ledger } = this.#context.oracle;
    const state = view.state();
    const endpoint = view.endpoint();
    return JSON.stringify({
      active: endpoint.EndpointConfigName === view.spec().configs.a ? 'a' : 'b',
      status: endpoint.EndpointStatus,
      served: served.etags(),
      quarantine: state.quarantine?.map(({ revision, message }) => [revision, message]),
      rollout: state.rollout,
      swaps: ledger.updates.filter(({ outcome }) => outcome === 'served').length,
    });
  }
}
