import { AwsError } from '@freshpoint/simulator/core/aws-error';
import type { Journal } from '../journal.ts';
import type { Mover } from '../oracle/ledger.ts';
import type { Oracle } from '../oracle/oracle.ts';
import { PERSON } from '../persons/person-caller.ts';
import type { Shortage } from '../persons/scenario.ts';
import type { Random } from '../random.ts';
import type { World } from '../worlds/world.ts';
import { FAILURE_TEXTS, OWN_FAULT_TEXTS, QUOTA_TEXT } from './failure-texts.ts';
import type { FaultRates } from './rates.ts';

const MINUTE_MS = 60_000;

/** Decides how updates of the endpoint go. */
export class UpdateFaults {
  readonly #world: World;
  readonly #journal: Journal;
  readonly #oracle: Oracle;
  readonly #random: Random;

  /** What is short now. */
  #shortage: Shortage | undefined;

  constructor(world: World, journal: Journal, oracle: Oracle, random: Random) {
    this.#world = world;
    this.#journal = journal;
    this.#oracle = oracle;
    this.#random = random;
  }

  /** The story begins: what will be short, and when. */
  begin(shortage: Shortage | undefined): void {
    if (!shortage) return;
    const { clock } = this.#world;
    clock.schedule(shortage.fromMs, () => {
      this.#shortage = shortage;
      this.#journal.note('', () => `shortage of ${shortage.kind} begins`);
    });
    clock.schedule(shortage.fromMs + shortage.forMs, () => {
      this.#oracle.stalls.shortageEnded(shortage.forMs);
      this.#shortage = undefined;
      this.#journal.note('', () => `shortage of ${shortage.kind} ends`);
    });
  }

  /** Decides how an update to this config, if it will be accepted, ends. Returns `refused` if it will be. */
  plan(by: Mover, config: string | undefined, rates: FaultRates): 'refused' | undefined {
    const short = this.#shortage?.kind;
    if (by === 'controller' && short !== undefined) this.#oracle.stalls.refused();
    if (by === 'controller' && short === 'quota') {
      this.#journal.reached('UpdateEndpoint rejected by a quota');
      throw new AwsError('ResourceLimitExceeded', QUOTA_TEXT);
    }
    const { ledger, view } = this.#oracle;
    if (ledger.status !== 'IN_SERVICE' || view.endpoint().EndpointConfigName === config) return undefined;
    if (by === 'deployment') return this.#planForDeployment(rates);
    if (by !== 'controller') return undefined;
    return short === undefined || short === 'quota' ? this.#planForController(rates) : this.#refuseFor(short);
  }

  #refuseFor(kind: keyof typeof FAILURE_TEXTS): 'refused' {
    const reason = this.#random.pick<string>(FAILURE_TEXTS[kind]);
    this.#journal.reached(kind === 'capacity' ? 'refused for want of capacity' : 'refused for what others must mend');
    this.#world.sagemaker.faults.nextUpdate(this.#oracle.layout.endpointName, { kind: 'refuse', reason });
    return 'refused';
  }

  #planForDeployment(rates: FaultRates): 'refused' | undefined {
    const { nextUpdate } = this.#world.sagemaker.faults;
    if (this.#stackStatus() !== 'UPDATE_IN_PROGRESS') return undefined;
    if (!this.#random.chance(rates.deploymentRefused)) return undefined;
    nextUpdate(this.#oracle.layout.endpointName, { kind: 'refuse' });
    return 'refused';
  }

  #planForController(rates: FaultRates): 'refused' | undefined {
    const random = this.#random;
    const { nextUpdate } = this.#world.sagemaker.faults;
    const blameless = ['capacity', 'role', 'image', 'kms', 'network'] as const;
    if (random.chance(rates.refused))
      nextUpdate(this.#oracle.layout.endpointName, { kind: 'refuse', reason: random.pick<string>(OWN_FAULT_TEXTS) });
    else if (random.chance(rates.blameless)) return this.#refuseFor(random.pick(blameless));
    else if (random.chance(rates.refusedSilently))
      nextUpdate(this.#oracle.layout.endpointName, { kind: 'refuse', reason: '' });
    else if (random.chance(rates.internal)) nextUpdate(this.#oracle.layout.endpointName, { kind: 'internal' });
    else if (random.chance(rates.rollbackFailed))
      nextUpdate(this.#oracle.layout.endpointName, { kind: 'rollback-failed' });
    else if (random.chance(rates.hours)) {
      this.#journal.reached('update took hours');
      nextUpdate(this.#oracle.layout.endpointName, { kind: 'delay', ms: random.int(60, 180) * MINUTE_MS });
      return undefined;
    } else return undefined;
    return 'refused';
  }

  #stackStatus(): string | undefined {
    const { Stacks } = this.#world.peek('cloudformation', 'DescribeStacks', { StackName: this.#world.stackId });
    return Stacks[0]?.StackStatus;
  }

  /** A person sees the alarm and moves the endpoint to one config again. */
  mendRollback(): void {
    this.#journal.reached('UpdateRollbackFailed');
    const { EndpointConfigName } = this.#oracle.view.endpoint();
    this.#world.clock.schedule(this.#random.int(1, 30) * MINUTE_MS, () => {
      if (this.#oracle.ledger.status !== 'UPDATE_ROLLBACK_FAILED') return;
      const input = {
        EndpointName: this.#oracle.layout.endpointName,
        EndpointConfigName,
        RetainAllVariantProperties: true,
      };
      void this.#world.cloud.call('sagemaker', 'UpdateEndpoint', input, PERSON).catch(() => undefined);
    });
  }
}
