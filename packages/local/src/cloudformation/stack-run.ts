import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import { type Cloud, root } from '../core/cloud.ts';
import type { Ids } from '../core/ids.ts';
import { assetHash } from './assets.ts';
import { attributeOf } from './attributes.ts';
import { failureReason, isMissing, ResourceFailure } from './failure-reason.ts';
import { resolve, type Scope } from './intrinsics.ts';
import { generatedName } from './physical-names.ts';
import { type Pseudo, scopeOf } from './prepared-template.ts';
import type { Handle, Properties, Provider, ProviderContext } from './provider.ts';
import type { DesiredStack, Stack, StackResource, StackStatus } from './stack.ts';
import type { Stacks } from './stacks.ts';
import { withStackTags } from './tags.ts';

/** What the engine works with. */
export interface EngineContext {
  readonly account: Account;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly cloud: Cloud;
  readonly stacks: Stacks;
  /** Throws when the type is not supported. */
  provider(type: string): Provider;
}

/** One operation on one stack: works on single resources and writes the stack's history. */
export class StackRun {
  readonly engine: EngineContext;
  readonly stack: Stack;
  /** Names of exports that were used so far. */
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
    this.#event(this.stack.stackName, this.stack.stackId, 'AWS::CloudFormation::Stack', status, reason);
  }

  /** Tells everything that waits in vain to stop. */
  cancel(): void {
    this.#cancelled = true;
    for (const task of [...this.#onCancel]) task();
  }

  /** From here on providers are told that old properties are being put back. */
  rollBack(): void {
    this.#rollingBack = true;
    this.#cancelled = false;
    this.#onCancel.clear();
  }

  /** The record of a resource of `desired` before anything has been made. */
  newRecord(desired: DesiredStack, logicalId: string): StackResource {
    const definition = desired.template.resources.get(logicalId)!;
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

  /** The resource's properties with everything resolved that it names. */
  resolveProperties(desired: DesiredStack, logicalId: string): Properties {
    const definition = desired.template.resources.get(logicalId)!;
    const properties = resolve(definition.Properties ?? {}, this.scope(desired)) as Properties;
    return withStackTags(this.engine.provider(definition.Type), properties, desired.tags);
  }

  scope(desired: DesiredStack): Scope {
    const { template, parameters, condition } = desired.template;
    return scopeOf(template, parameters, pseudoOf(this.engine.account, this.stack), condition, {
      ref: (name) => this.#made(name).handle.physicalId,
      getAtt: (logicalId, attribute) => attributeOf(this.#made(logicalId), attribute),
      importValue: (name) => {
        const found = this.engine.stacks.export(name);
        if (!found) throw new ResourceFailure(`No export named ${name} found.`);
        this.imports.add(name);
        return found.output.value;
      },
    });
  }

  /** Makes a resource: `word` is CREATE for a new one, UPDATE for the successor of one that is being replaced. */
  async create(record: StackResource, properties: () => Properties, word: 'CREATE' | 'UPDATE'): Promise<void> {
    let current: StackResource = { ...record, properties: {} };
    const put = (change: Partial<StackResource>) => {
      current = this.#record({ ...current, ...change });
    };
    put({
      handle: undefined,
      status: `${word}_IN_PROGRESS`,
      reason:
        word === 'UPDATE'
          ? 'Requested update requires the creation of a new physical resource; hence creating one.'
          : undefined,
    });
    await this.#guarded(record.logicalId, put, `${word}_FAILED`, async () => {
      current = { ...current, properties: properties() };
      const initiated = (handle: Handle) => {
        if (!current.handle) put({ handle, status: `${word}_IN_PROGRESS`, reason: 'Resource creation Initiated' });
      };
      const provider = this.engine.provider(record.type);
      const handle = await provider.create(current.properties, this.#context(record, initiated));
      initiated(handle);
      put({ handle, status: `${word}_COMPLETE`, reason: undefined });
    });
  }

  /** Changes a resource in place from what `from` says to what `to` says. */
  async update(from: StackResource & { readonly handle: Handle }, to: StackResource): Promise<void> {
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
      put({ handle, status: 'UPDATE_COMPLETE', reason: undefined });
    });
  }

  /** Fails the resource before anything is done to it. */
  refuse(record: StackResource, reason: string): never {
    this.#record({ ...record, status: 'UPDATE_FAILED', reason });
    throw new ResourceFailure(reason);
  }

  /** Records `resource` as it is, telling it in the history. */
  restore(resource: StackResource): void {
    this.#record({ ...resource, status: 'UPDATE_COMPLETE', reason: undefined });
  }

  /** Deletes the physical resource of `resource`, or leaves it when `retain`. Throws after recording when it is refused. */
  async delete(resource: StackResource, retain: boolean): Promise<void> {
    const isCurrent = () => {
      const current = this.stack.resources.get(resource.logicalId);
      return current !== undefined && current.handle?.physicalId === resource.handle?.physicalId;
    };
    const put = (change: Partial<StackResource>) => {
      const next = { ...resource, ...change, updatedAt: new Date(this.engine.clock.now()) };
      // The logical id may belong to a successor by now; then only the history is written.
      if (isCurrent()) this.stack.resources.set(resource.logicalId, next);
      this.#resourceEvent(next);
    };
    if (retain) {
      put({ status: 'DELETE_SKIPPED', reason: undefined });
    } else {
      put({ status: 'DELETE_IN_PROGRESS', reason: undefined });
      await this.#guarded(resource.logicalId, put, 'DELETE_FAILED', async () => {
        if (resource.handle) await this.#deletePhysical(resource, resource.handle);
        put({ status: 'DELETE_COMPLETE', reason: undefined });
      });
    }
    if (isCurrent()) this.stack.resources.delete(resource.logicalId);
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

  #made(logicalId: string): StackResource & { readonly handle: Handle } {
    const resource = this.stack.resources.get(logicalId);
    if (!resource?.handle) throw new ResourceFailure(`Resource ${logicalId} has not been created.`);
    return resource as StackResource & { readonly handle: Handle };
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

  #resourceEvent(resource: StackResource): void {
    const physicalId = resource.handle?.physicalId ?? '';
    this.#event(resource.logicalId, physicalId, resource.type, resource.status, resource.reason);
  }

  #event(logicalId: string, physicalId: string, type: string, status: string, reason: string | undefined): void {
    const { stack, engine } = this;
    const event = {
      eventId: engine.ids.uuid(),
      stackId: stack.stackId,
      stackName: stack.stackName,
      timestamp: new Date(engine.clock.now()),
      logicalId,
      physicalId,
      type,
      status,
      reason,
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
