import type { Account } from '../core/account.ts';
import { type Clock, sleep } from '../core/clock.ts';
import { type Cloud, root } from '../core/cloud.ts';
import { entryOf } from '../core/entry-of.ts';
import type { Ids } from '../core/ids.ts';
import { assetHash } from './assets.ts';
import { attributeOf } from './attributes.ts';
import { failureReason, isMissing, ResourceFailure } from './failure-reason.ts';
import { resolve, type Scope } from './intrinsics.ts';
import { generatedName } from './physical-names.ts';
import type { Handle, Properties, Provider, ProviderContext } from './provider.ts';
import { recordedAttribute } from './providers/record-only.ts';
import type { CreatedResource, DesiredStack, Stack, StackEvent, StackResource, StackStatus } from './stack.ts';
import type { Stacks } from './stacks.ts';
import { withStackTags } from './tags.ts';
import { type Pseudo, scopeOf } from './template-scope.ts';

/** The dependencies of the engine. */
export interface EngineContext {
  readonly account: Account;
  readonly clock: Clock;
  /** Milliseconds that each resource takes besides its service's own time. */
  readonly resourceMs: number;
  readonly ids: Ids;
  readonly cloud: Cloud;
  readonly stacks: Stacks;
  /** Throws if the type is not supported. */
  provider(type: string): Provider;
}

/** The reason in the events of a resource whose type is not simulated. */
const RECORDED_ONLY = 'Recorded only';

/** One operation on one stack: works on its resources one by one and writes its history. */
export class StackRun {
  readonly engine: EngineContext;
  readonly stack: Stack;
  /** The names of the exports used so far. */
  readonly imports = new Set<string>();
  readonly #onCancel = new Set<() => void>();
  #cancelled = false;
  #rollingBack = false;

  constructor(engine: EngineContext, stack: Stack) {
    this.engine = engine;
    this.stack = stack;
  }

  /** Moves the stack to `status` and records it. */
  stackStatus(status: StackStatus, reason?: string): void {
    this.stack.status = status;
    this.stack.reason = reason;
    const { stackName: logicalId, stackId: physicalId } = this.stack;
    this.#event({ logicalId, physicalId, type: 'AWS::CloudFormation::Stack', status, reason });
  }

  /** Stops all waiting for resources, after one has failed. */
  cancel(): void {
    this.#cancelled = true;
    for (const task of [...this.#onCancel]) task();
  }

  /** From now on providers see that old properties are being restored. */
  rollBack(): void {
    this.#rollingBack = true;
    this.#cancelled = false;
    this.#onCancel.clear();
  }

  /** The record of a resource of `desired` that is not created yet. */
  newRecord(desired: DesiredStack, logicalId: string): StackResource {
    const definition = entryOf(desired.template.resources, logicalId);
    return {
      logicalId,
      type: definition.Type,
      properties: {},
      dependsOn: desired.template.dependencies.get(logicalId) ?? new Set(),
      deletionPolicy: definition.DeletionPolicy ?? 'Delete',
      updateReplacePolicy: definition.UpdateReplacePolicy ?? 'Delete',
      status: 'CREATE_IN_PROGRESS',
      updatedAt: new Date(this.engine.clock.now()),
    };
  }

  /** The resource's properties, resolved. */
  resolveProperties(desired: DesiredStack, logicalId: string): Properties {
    const definition = entryOf(desired.template.resources, logicalId);
    const properties = resolve(definition.Properties ?? {}, this.scope(desired)) as Properties;
    return withStackTags(this.engine.provider(definition.Type), properties, desired.tags);
  }

  scope(desired: DesiredStack): Scope {
    return scopeOf(desired.template, {
      ref: (name) => this.#made(name).handle.physicalId,
      getAtt: (logicalId, attribute) => this.#attribute(this.#made(logicalId), attribute),
      importValue: (name) => {
        const found = this.engine.stacks.export(name);
        if (!found) throw new ResourceFailure(`No export named ${name} found.`);
        this.imports.add(name);
        return found.output.value;
      },
      stackOutput: (stackName, outputName) => {
        const found = this.engine.stacks.find(stackName);
        if (!found) throw new ResourceFailure(`Stack with id ${stackName} does not exist`);
        const output = found.outputs.find(({ key }) => key === outputName);
        if (!output) throw new ResourceFailure(`Output ${outputName} not found in stack ${stackName}`);
        return output.value;
      },
    });
  }

  /** Creates a resource: with `verb` CREATE a new one, with UPDATE the replacement of another one. */
  async create(record: StackResource, properties: () => Properties, verb: 'CREATE' | 'UPDATE'): Promise<void> {
    let current: StackResource = { ...record, properties: {} };
    const put = (change: Partial<StackResource>) => {
      current = this.#record({ ...current, ...change });
    };
    put({
      handle: undefined,
      status: `${verb}_IN_PROGRESS`,
      reason:
        verb === 'UPDATE'
          ? 'Requested update requires the creation of a new physical resource; hence creating one.'
          : undefined,
    });
    await this.#guarded(record.logicalId, put, `${verb}_FAILED`, async () => {
      current = { ...current, properties: properties() };
      const initiated = (handle: Handle) => {
        if (!current.handle) put({ handle, status: `${verb}_IN_PROGRESS`, reason: 'Resource creation Initiated' });
      };
      const provider = this.engine.provider(record.type);
      const handle = await provider.create(current.properties, this.#context(record, initiated));
      initiated(handle);
      await this.#pause();
      put({ handle, status: `${verb}_COMPLETE`, reason: provider.isRecordOnly ? RECORDED_ONLY : undefined });
    });
  }

  /** Updates a resource in place. */
  async update(from: CreatedResource, to: StackResource): Promise<void> {
    const put = (change: Partial<StackResource>) => {
      this.#record({ ...to, handle: from.handle, ...change });
    };
    put({ status: 'UPDATE_IN_PROGRESS', reason: undefined });
    await this.#guarded(to.logicalId, put, 'UPDATE_FAILED', async () => {
      const provider = this.engine.provider(to.type);
      const context = this.#context(to, () => undefined);
      const handle = provider.update
        ? await provider.update(from.handle, to.properties, from.properties, context)
        : from.handle;
      await this.#pause();
      put({ handle, status: 'UPDATE_COMPLETE', reason: undefined });
    });
  }

  /** Records that the resource failed before it was changed, and throws. */
  refuse(record: StackResource, reason: string): never {
    this.#record({ ...record, status: 'UPDATE_FAILED', reason });
    throw new ResourceFailure(reason);
  }

  /** Records `resource` as it is, with an event in the history. */
  restore(resource: StackResource): void {
    this.#record({ ...resource, status: 'UPDATE_COMPLETE', reason: undefined });
  }

  /** Deletes a resource. If that fails, records the failure and throws. */
  async delete(resource: StackResource): Promise<void> {
    this.#replace(resource, { status: 'DELETE_IN_PROGRESS', reason: undefined });
    const put = (change: Partial<StackResource>) => this.#replace(resource, change);
    await this.#guarded(resource.logicalId, put, 'DELETE_FAILED', async () => {
      if (resource.handle) await this.#deletePhysical(resource, resource.handle);
      await this.#pause();
      put({ status: 'DELETE_COMPLETE', reason: undefined });
    });
    this.#remove(resource);
  }

  /** Removes a resource from the stack without deleting it. */
  release(resource: StackResource): void {
    this.#replace(resource, { status: 'DELETE_SKIPPED', reason: undefined });
    this.#remove(resource);
  }

  /** Whether the logical id still belongs to this physical resource, and not to its replacement. */
  #isCurrent({ logicalId, handle }: StackResource): boolean {
    const current = this.stack.resources.get(logicalId);
    return current !== undefined && current.handle?.physicalId === handle?.physicalId;
  }

  #replace(resource: StackResource, change: Partial<StackResource>): void {
    const next = { ...resource, ...change, updatedAt: new Date(this.engine.clock.now()) };
    if (this.#isCurrent(resource)) this.stack.resources.set(resource.logicalId, next);
    this.#resourceEvent(next);
  }

  #remove(resource: StackResource): void {
    if (this.#isCurrent(resource)) this.stack.resources.delete(resource.logicalId);
  }

  async #deletePhysical(resource: StackResource, handle: Handle): Promise<void> {
    try {
      await this.engine.provider(resource.type).delete(
        handle,
        resource.properties,
        this.#context(resource, () => undefined),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async #pause(): Promise<void> {
    const { clock, resourceMs } = this.engine;
    if (resourceMs > 0) await sleep(clock, resourceMs);
  }

  #made(logicalId: string): CreatedResource {
    const resource = this.stack.resources.get(logicalId);
    if (!resource?.handle) throw new ResourceFailure(`Resource ${logicalId} has not been created.`);
    return { ...resource, handle: resource.handle };
  }

  #attribute(resource: CreatedResource, name: string): unknown {
    const { account, provider } = this.engine;
    if (provider(resource.type).isRecordOnly && !Object.hasOwn(resource.handle.attributes, name)) {
      return recordedAttribute(resource, name, account);
    }
    return attributeOf(resource, name);
  }

  async #guarded(
    logicalId: string,
    put: (change: Partial<StackResource>) => void,
    failed: 'CREATE_FAILED' | 'UPDATE_FAILED' | 'DELETE_FAILED',
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      const reason = failureReason(error, this.engine.ids.uuid());
      put({ status: failed, reason });
      throw new ResourceFailure(`${logicalId}: ${reason}`, { cause: error });
    }
  }

  #record(resource: StackResource): StackResource {
    const stamped = { ...resource, updatedAt: new Date(this.engine.clock.now()) };
    this.stack.resources.set(resource.logicalId, stamped);
    this.#resourceEvent(stamped);
    return stamped;
  }

  #resourceEvent({ logicalId, handle, type, status, reason }: StackResource): void {
    this.#event({ logicalId, physicalId: handle?.physicalId ?? '', type, status, reason });
  }

  #event(change: Pick<StackEvent, 'logicalId' | 'physicalId' | 'type' | 'status' | 'reason'>): void {
    const { stack, engine } = this;
    const event: StackEvent = {
      ...change,
      eventId: engine.ids.uuid(),
      stackId: stack.stackId,
      stackName: stack.stackName,
      // Clients sort by the time: each event is later than the one before.
      timestamp: new Date(Math.max(engine.clock.now(), (stack.events.at(-1)?.timestamp.getTime() ?? 0) + 1)),
      clientRequestToken: stack.clientRequestToken,
    };
    stack.events.push(event);
    stack.listener?.(event);
  }

  #context(resource: StackResource, identified: (handle: Handle) => void): ProviderContext {
    const { engine, stack } = this;
    const caller = root(engine.account);
    return {
      account: engine.account,
      clock: engine.clock,
      stackName: stack.stackName,
      stackId: stack.stackId,
      logicalId: resource.logicalId,
      resourceType: resource.type,
      rollingBack: this.#rollingBack,
      name: (rule) => generatedName(stack.stackName, resource.logicalId, rule, engine.ids),
      uuid: () => engine.ids.uuid(),
      call: (service, operation, input) => engine.cloud.call(service, operation, input, caller),
      asset: (key) => stack.assets.get(assetHash(key))?.path,
      identified,
      onCancel: (task) => {
        if (this.#cancelled) task();
        else this.#onCancel.add(task);
        return () => this.#onCancel.delete(task);
      },
    };
  }
}

/** The values of a stack's pseudo parameters. */
export function pseudoOf(account: Account, stack: Pick<Stack, 'stackName' | 'stackId'>): Pseudo {
  return { ...account, stackName: stack.stackName, stackId: stack.stackId };
}
