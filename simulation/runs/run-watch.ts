import type { EndpointStateChange } from '@freshpoint/local/sagemaker/index';
import type { Answers } from '../worlds/answers.ts';
import { isHistoryKey, isStateKey } from '../worlds/layout.ts';
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
    const { oracle, faultRandom, rates, journal } = this.#context;
    const { service, operation, input } = call;
    if (this.#isSlotWrite(call)) oracle.slotData.beforeWrite(call);
    if (service === 'sagemaker') {
      if (operation === 'UpdateEndpoint') this.#beforeUpdate(call);
      else if (operation === 'CreateEndpoint') oracle.updates.beforeCreate();
      else if (operation === 'DeleteEndpointConfig') oracle.configDeleted(input.EndpointConfigName ?? '');
    }
    if (service === 'sqs' && operation === 'DeleteMessageBatch' && faultRandom.chance(rates.lostDelete)) {
      journal.reached('deletion of a finished message lost');
      journal.note('queue', () => 'a deletion fails');
      throw new Error('the queue is not available');
    }
  }

  #beforeUpdate(call: Call): void {
    const { oracle, updateFaults, rates, current } = this.#context;
    const by = this.#context.moverOf(call);
    let fault: 'refused' | undefined;
    try {
      fault = updateFaults.plan(by, rates);
    } catch (rejection) {
      oracle.rejections.add(current);
      throw rejection;
    }
    oracle.updates.beforeUpdate(call, { by, fault, run: current });
  }

  after(call: Call, output: unknown, error: unknown): void {
    const { oracle, current, world } = this.#context;
    const { service, operation, input } = call;
    if (service === 'sagemaker' && operation === 'UpdateEndpoint') oracle.updates.afterUpdate(error);
    if (this.#isSlotWrite(call)) oracle.slotData.afterWrite(current);
    if (error !== undefined) return;
    const isSource = service === 's3' && input.Bucket === world.bucket;
    if (isSource && SOURCE_WRITES.has(operation)) this.#sourcesChanged();
    if (service === 's3' && isStateKey(input)) this.#stateCalled(call, output);
    if (operation === 'PutObject' && isHistoryKey(input)) oracle.publications.appended(String(input.Body));
    if (service === 'events' && operation === 'PutEvents') oracle.eventsPublished(call, current);
    if (service === 'ssm' && operation === 'PutParameter') {
      this.#parameterWritten(call, output as Answers['ssm:PutParameter']);
    }
    if (service === 'sqs') this.#afterQueueCall(call, output);
  }

  #parameterWritten(call: Call, { Version }: Answers['ssm:PutParameter']): void {
    const { past, world } = this.#context;
    const { Name = '', Value = '' } = call.input;
    past.addParameter(world.clock.now(), { Name, Type: 'String', Value, Version });
  }

  #sourcesChanged(): void {
    const { sources, states } = this.#context.oracle;
    sources.record();
    states.uploaded(sources.current.revision);
  }

  #stateCalled(call: Call, output: unknown): void {
    const { oracle, journal } = this.#context;
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
    const { world, faultRandom, rates, journal } = this.#context;
    if (operation === 'DeleteMessageBatch') this.#checkRequests();
    if (operation === 'CreateQueue') world.queues.push((output as Answers['sqs:CreateQueue']).QueueUrl);
    if (operation === 'SendMessage' && faultRandom.chance(rates.duplicatedMessage)) {
      journal.reached('message duplicated');
      world.peek('sqs', 'SendMessage', { ...input, DelaySeconds: faultRandom.int(0, 120) }, caller);
    }
  }

  /** A write to the data bucket. */
  #isSlotWrite({ service, operation, input }: Call): boolean {
    if (service !== 's3' || input.Bucket === undefined || input.Bucket === this.#context.world.bucket) return false;
    if (isStateKey(input) || isHistoryKey(input)) return false;
    return SLOT_WRITES.test(operation);
  }

  endpointChanged(event: EndpointStateChange): void {
    const { oracle, journal, past, world, updateFaults, script } = this.#context;
    const { EndpointStatus: status, EndpointConfigName, FailureReason } = event.detail;
    journal.note('SageMaker', () => `${status} on ${EndpointConfigName} ${FailureReason ?? ''}`);
    oracle.updates.endpointChanged(event);
    past.addDescription(world.clock.now(), oracle.view.endpoint());
    this.#context.hasChanged = true;
    if (!this.#context.isBegun) return;
    if (status === 'UPDATE_ROLLBACK_FAILED') updateFaults.mendRollback();
    script.statusEntered(status);
  }

  delays(detailType: string): readonly number[] {
    return this.#context.eventFaults.delays(this.#context.rates, detailType);
  }

  losesPoll(): boolean {
    return this.#context.eventFaults.losesPoll(this.#context.rates);
  }

  /**
   * While there is something to serve, a reconcile request exists. If only the controller has touched the endpoint, and
   * the newest upload's event wasn't lost, it is in the queue and does not have to come from the sweep.
   */
  #checkRequests(): void {
    const { oracle, eventFaults, openRuns, person, isBegun, journal } = this.#context;
    if (!isBegun || eventFaults.underWay > 0 || openRuns.size > 0 || person.isEditing) return;
    const isOurs = oracle.ledger.isUntouchedByOthers() && eventFaults.sentAt >= oracle.sources.current.at;
    // The sweep finds a state that was deleted.
    if (!isOurs || oracle.view.state().lostAt !== undefined || oracle.view.hasRequests()) return;
    const unfinished = oracle.rest.unfinished();
    if (unfinished.length > 0) journal.violation(`no request is in the queue any more: ${unfinished.join('; ')}`);
  }
}
