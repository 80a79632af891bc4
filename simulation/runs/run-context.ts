import type { LoadedData, LaunchVerdict as Verdict } from '@freshpoint/simulator/test/sagemaker/virtual-launcher';
import { EventFaults } from '../faults/event-faults.ts';
import { PastAnswers } from '../faults/past-answers.ts';
import { type FaultRates, NO_FAULTS } from '../faults/rates.ts';
import { RequestRates } from '../faults/request-rates.ts';
import { UpdateFaults } from '../faults/update-faults.ts';
import { Journal } from '../journal.ts';
import type { Mover } from '../oracle/ledger.ts';
import { Oracle } from '../oracle/oracle.ts';
import { Person } from '../persons/person.ts';
import { PERSON } from '../persons/person-caller.ts';
import { PersonContext } from '../persons/person-context.ts';
import type { Scenario } from '../persons/scenario.ts';
import { type Random, seededRandom } from '../random.ts';
import type { FunctionRun, Overseer } from '../worlds/function-run.ts';
import { drawResourceMs } from '../worlds/latency.ts';
import type { Layout } from '../worlds/layout.ts';
import { refresherFactory } from '../worlds/refresher.ts';
import type { Call } from '../worlds/watch.ts';
import { World } from '../worlds/world.ts';
import { Script } from './script.ts';
import { SecondEndpoint } from './second-endpoint.ts';

/** Everything that a run is built from. */
export interface RunSetup {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly layout: Layout;
  readonly timeline: 'kept' | 'dropped';
  readonly createOverseer: (context: RunContext) => Overseer;
}

/** Flips bits of the seed, so that faults don't follow the scenario's draws. */
const FAULT_SEED_MASK = 0x5eed;
const SLOW_START_MS = 300_000;
const FAST_START_MS = 1000;

/** The dependencies and state that the parts of one run share. */
export class RunContext {
  readonly scenario: Scenario;
  readonly world: World;
  readonly journal: Journal;
  readonly oracle: Oracle;
  /** The second endpoint's oracle is there while it is; all else is about the first. */
  readonly second: SecondEndpoint;
  readonly person: Person;
  readonly script: Script;
  readonly faultRandom: Random;
  /** For what calls and resources take. */
  readonly latencyRandom: Random;
  readonly eventFaults: EventFaults;
  readonly updateFaults: UpdateFaults;
  readonly requestRates: RequestRates;
  readonly past = new PastAnswers();
  rates: FaultRates = NO_FAULTS;
  /** Whether the stack exists, and the story has begun. */
  isBegun = false;
  /** Something has changed that may have brought rest. */
  hasChanged = false;
  /** The run whose request is at a service. */
  current: FunctionRun | undefined;
  readonly openRuns = new Set<FunctionRun>();
  /** Calls by the function. */
  calls = 0;
  /** When the latest run began that ended with an answer. */
  passBegunAt = 0;

  constructor({ seed, scenario, layout, timeline, createOverseer }: RunSetup) {
    this.scenario = scenario;
    const random = seededRandom(seed ^ FAULT_SEED_MASK);
    this.faultRandom = random.fork();
    this.latencyRandom = random.fork();
    this.world = new World({
      seed,
      layout,
      times: { launchMs: scenario.launchMs },
      skew: scenario.skew,
      judge: (data) => this.#judge(data),
      answer: (data) => this.#answerSmokeTest(data),
      runner: (world) => refresherFactory(world, createOverseer(this)),
      resourceMs: () => drawResourceMs(this.latencyRandom, scenario.latency),
      loaded: ({ endpointName, instanceId }, data) => this.oracleOf(endpointName)?.loaded(instanceId, data),
    });
    const { world } = this;
    this.requestRates = new RequestRates(world.clock, scenario.quotaShares ?? {});
    this.journal = new Journal(() => world.clock.now(), timeline);
    this.oracle = new Oracle(world, layout.endpoint, { journal: this.journal, s3SkewMs: scenario.skew.s3 });
    const personRandom = random.fork();
    this.second = new SecondEndpoint(world, {
      journal: this.journal,
      faultRandom: this.faultRandom,
      personRandom,
      s3SkewMs: scenario.skew.s3,
    });
    this.person = new Person(new PersonContext(this.oracle, personRandom, scenario.skew.person), this.second);
    this.script = new Script(world.clock, scenario.steps, this.person);
    this.eventFaults = new EventFaults(world.clock, this.journal, this.faultRandom);
    this.updateFaults = new UpdateFaults(world, this.journal, this.oracle, this.faultRandom);
  }

  /** Of every endpoint that the stack has. */
  get oracles(): readonly Oracle[] {
    const { oracle, second } = this;
    return second.oracle ? [oracle, second.oracle] : [oracle];
  }

  /** The oracle of the endpoint with this name. */
  oracleOf(endpointName: string | undefined): Oracle | undefined {
    return this.oracles.find(({ layout }) => layout.endpointName === endpointName);
  }

  /** Who made a call. */
  moverOf({ caller }: Call): Mover {
    if (caller.roleArn !== undefined) return 'controller';
    return caller.arn === PERSON.arn ? 'person' : 'deployment';
  }

  #judge(data: readonly LoadedData[]): Verdict {
    const qualities = this.#qualitiesOf(data);
    if (qualities.includes('junk'))
      return { reason: 'Failed to extract model data archive for container "container_1".' };
    if (qualities.includes('broken')) return {};
    return { healthyAfterMs: qualities.includes('slow') ? SLOW_START_MS : FAST_START_MS };
  }

  #answerSmokeTest(data: readonly LoadedData[]): unknown {
    const qualities = this.#qualitiesOf(data);
    return qualities.includes('hung') ? 'hang' : { ok: !qualities.includes('wrong') };
  }

  #qualitiesOf(data: readonly LoadedData[]) {
    return data.map(({ etag }) => {
      const { second, oracle } = this;
      return oracle.ledger.quality.get(etag) ?? second.oracle?.ledger.quality.get(etag);
    });
  }
}
