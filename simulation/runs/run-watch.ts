import { type EndpointSpec, specParameterName, storePrefix } from '@freshpoint/cdk/contract';
import type { EndpointStateChange } from '@freshpoint/simulator/sagemaker/index';
import type { Oracle } from '../oracle/oracle.ts';
import type { Answers } from '../worlds/answers.ts';
import { isHistoryKey, isStateKey } from '../worlds/layout.ts';
import { packageSource } from '../worlds/source-names.ts';
import type { Call, Watch } from '../worlds/watch.ts';
import type { RunContext } from './run-context.ts';

const SOURCE_WRITES = new Set(['PutObject', 'CompleteMultipartUpload', 'DeleteObject']);
const SLOT_WRITES = /^(PutObject|CopyObject|CompleteMultipartUpload|DeleteObjects?)$/;

/** Shows each call to the oracle, and injects the faults of queues, events and updates. */
export class RunWatch implements Watch {
  readonly #context: RunContext;

  constructor(context: RunContext) {
    this.#context = context;
  }

  before(call: Call): void {
    const { oracles, faultRandom, rates, journal } = this.#context;
    const { service, operation, input } = call;
    this.#slotWriteOf(call)?.slotData.beforeWrite(call);
    if (service === 'sagemaker') {
      if (operation === 'UpdateEndpoint') this.#beforeUpdate(call);
      else if (operation === 'CreateEndpoint') this.#context.oracleOf(input.EndpointName)?.updates.beforeCreate();
      else if (operation === 'DeleteEndpointConfig') {
        for (const oracle of oracles) oracle.configDeleted(input.EndpointConfigName ?? '');
      }
    }
    if (service === 'sqs' && operation === 'DeleteMessageBatch' && faultRandom.chance(rates.lostDelete)) {
      journal.reached('deletion of a finished message lost');
      journal.note('queue', () => 'a deletion fails');
      throw new Error('the queue is not available');
    }
  }

  #beforeUpdate(call: Call): void {
    const { second, rates, current } = this.#context;
    const oracle = this.#context.oracleOf(call.input.EndpointName);
    if (!oracle) return;
    const updateFaults = (oracle === second.oracle && second.updateFaults) || this.#context.updateFaults;
    const by = this.#context.moverOf(call);
    let fault: 'refused' | undefined;
    try {
      fault = updateFaults.plan(by, call.input.EndpointConfigName, rates);
    } catch (rejection) {
      oracle.rejections.add(current);
      throw rejection;
    }
    oracle.updates.beforeUpdate(call, { by, fault, run: current });
  }

  after(call: Call, output: unknown, error: unknown): void {
    const { oracles, current } = this.#context;
    const { service, operation, input } = call;
    if (service === 'sagemaker' && operation === 'UpdateEndpoint') {
      this.#context.oracleOf(input.EndpointName)?.updates.afterUpdate(error);
    }
    this.#slotWriteOf(call)?.slotData.afterWrite(current);
    if (error !== undefined) return;
    const changed = this.#changedSource(call);
    for (const oracle of oracles) {
      if (changed !== undefined) sourceChanged(oracle, changed);
      if (service === 's3' && isStateKey(oracle.layout, input)) this.#stateCalled(oracle, call, output);
      if (operation === 'PutObject' && isHistoryKey(oracle.layout, input))
        oracle.publications.appended(String(input.Body));
      if (service === 'events' && operation === 'PutEvents') oracle.eventsPublished(call, current);
    }
    if (service === 'ssm' && operation === 'PutParameter') {
      this.#parameterWritten(call, output as Answers['ssm:PutParameter']);
    }
    if (service === 'sqs') this.#afterQueueCall(call, output);
  }

  /** The key of a source's object that is written, or the packages of a group that one is approved or rejected of. */
  #changedSource({ service, operation, input }: Call): string | undefined {
    if (operation === 'UpdateModelPackage') return packageSource(input.ModelPackageArn?.split('/').at(-2) ?? '');
    const isWrite = service === 's3' && input.Bucket === this.#context.world.bucket && SOURCE_WRITES.has(operation);
    return isWrite ? input.Key : undefined;
  }

  #parameterWritten(call: Call, { Version }: Answers['ssm:PutParameter']): void {
    const { past, world, oracles } = this.#context;
    const { Name = '', Value = '' } = call.input;
    const oracle = oracles.find(({ layout }) => Name === specParameterName(layout.id));
    oracle?.specWritten(JSON.parse(Value) as EndpointSpec);
    past.addParameter(world.clock.now(), { Name, Type: 'String', Value, Version });
  }

  #stateCalled(oracle: Oracle, call: Call, output: unknown): void {
    const { journal } = this.#context;
    const { operation, input } = call;
    if (operation === 'DeleteObject') {
      oracle.states.deleted();
      oracle.stalls.stateDeleted();
    }
    if (operation !== 'PutObject') return;
    const { ETag: etag } = output as Answers['s3:PutObject'];
    oracle.states.written({ by: this.#context.moverOf(call), input, etag });
    journal.note('state', () => String(input.Body));
  }

  #afterQueueCall({ operation, input, caller }: Call, output: unknown): void {
    const { world, faultRandom, rates, journal, oracles } = this.#context;
    if (operation === 'DeleteMessageBatch') for (const oracle of oracles) this.#checkRequests(oracle);
    if (operation === 'CreateQueue') world.queues.push((output as Answers['sqs:CreateQueue']).QueueUrl);
    if (operation === 'SendMessage' && faultRandom.chance(rates.duplicatedMessage)) {
      journal.reached('message duplicated');
      world.peek('sqs', 'SendMessage', { ...input, DelaySeconds: faultRandom.int(0, 120) }, caller);
    }
  }

  /** The oracle of the endpoint to whose data something is written; undefined: no write of data. */
  #slotWriteOf({ service, operation, input }: Call): Oracle | undefined {
    const { Bucket, Key = input.Delete?.Objects[0]?.Key ?? '' } = input;
    if (service !== 's3' || Bucket === undefined || Bucket === this.#context.world.bucket) return undefined;
    if (!SLOT_WRITES.test(operation)) return undefined;
    const oracle = this.#context.oracles.find(({ layout }) => Key.startsWith(storePrefix(layout.id)));
    return oracle && (isStateKey(oracle.layout, input) || isHistoryKey(oracle.layout, input)) ? undefined : oracle;
  }

  endpointChanged(event: EndpointStateChange): void {
    const { oracle: first, journal, past, world, second, script } = this.#context;
    const { EndpointName, EndpointStatus: status, EndpointConfigName, FailureReason } = event.detail;
    journal.note('SageMaker', () => `${EndpointName} ${status} on ${EndpointConfigName} ${FailureReason ?? ''}`);
    const oracle = this.#context.oracleOf(EndpointName);
    if (!oracle) return;
    oracle.updates.endpointChanged(event);
    this.#context.hasChanged = true;
    const isFirst = oracle === first;
    if (isFirst) past.addDescription(world.clock.now(), oracle.view.endpoint());
    if (!this.#context.isBegun) return;
    const faults = isFirst ? this.#context.updateFaults : second.updateFaults;
    if (status === 'UPDATE_ROLLBACK_FAILED') faults?.mendRollback();
    if (isFirst) script.statusEntered(status);
  }

  delays(detailType: string, rule: string): readonly number[] {
    return this.#context.eventFaults.delays(this.#context.rates, detailType, rule);
  }

  losesPoll(): boolean {
    const { eventFaults, rates, oracles, world } = this.#context;
    const isLost = eventFaults.losesPoll(rates);
    if (isLost) for (const { ledger } of oracles) ledger.lostPollAt.push(world.clock.now());
    return isLost;
  }

  /**
   * While there is something to serve, a reconcile request exists. If only the controller has touched the endpoint, and
   * the newest upload's event wasn't lost, it is in the queue and does not have to come from the sweep.
   */
  #checkRequests(oracle: Oracle): void {
    const { eventFaults, openRuns, person, isBegun, journal } = this.#context;
    if (!isBegun || eventFaults.underWay > 0 || openRuns.size > 0 || person.isEditing) return;
    const { ledger, layout, sources } = oracle;
    const isOurs = ledger.isUntouchedByOthers() && eventFaults.sentAt(layout) >= sources.current.at;
    // The sweep finds a state that was deleted.
    if (!isOurs || oracle.view.state().lostAt !== undefined || oracle.view.hasRequests()) return;
    const unfinished = oracle.rest.unfinished();
    if (unfinished.length > 0) journal.violation(`no request is in the queue any more: ${unfinished.join('; ')}`);
  }
}

function sourceChanged({ sources, states }: Oracle, key: string): void {
  if (sources.record(key)) states.uploaded(sources.current.revision);
}
