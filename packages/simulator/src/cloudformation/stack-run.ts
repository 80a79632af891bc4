import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { sleep } from '../core/clock.ts';
import { type Deps, root } from '../core/cloud.ts';
import { entryOf } from '../core/entry-of.ts';
import { resolveReferences } from './dynamic-references.ts';
import { failureReason, isMissing, ResourceFailure } from './failures.ts';
import { resolve, type Scope } from './intrinsics.ts';
import { generatedName } from './physical-names.ts';
import { type Handle, type Properties, type Provider, type ProviderContext, recordedReason } from './provider.ts';
import { recordedAttribute } from './providers/record-only.ts';
import type { CreatedResource, DesiredStack, Stack, StackEvent, StackResource, Stacks } from './stack.ts';
import { withStackTags } from './tags.ts';
import { memberOf, scopeOf, type TemplateValues } from './template-scope.ts';

/** The dependencies of the engine. */
export interface EngineContext extends Deps {
  /** Milliseconds that each resource takes besides its service's own time. */
  readonly resourceMs: number;
  readonly stacks: Stacks;
  /** Throws if the type is not supported. */
  provider(type: string): Provider;
}

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
    Object.assign(this.stack, { status, reason });
    if (status === 'ROLLBACK_IN_PROGRESS' || status === 'DELETE_IN_PROGRESS') {
      Object.assign(this.stack, { deletedAt: new Date(this.engine.clock.now()), lastChangeSetId: undefined });
    }
    const { stackName: logicalId, stackId } = this.stack;
    this.#event({ logicalId, type: 'AWS::CloudFormation::Stack', status, reason }, stackId);
  }

  /** Stops all waiting for resources, after one has failed. */
  cancel(): void {
    this.#cancelled = true;
    for (const task of [...this.#onCancel]) task();
  }

  /** As `stackStatus`. From now on providers see that old properties are being restored. */
  rollBack(status: StackStatus, reason: string): void {
    this.stackStatus(status, reason);
    this.#rollingBack = true;
    this.#cancelled = false;
    this.#onCancel.clear();
  }

  /** The record of a resource of `desired` that is not created yet. */
  newRecord(desired: DesiredStack, logicalId: string): StackResource {
    const definition = entryOf(desired.resources, logicalId);
    const policy = (given: unknown) => String(resolve(given ?? 'Delete', this.scope(desired)));
    return {
      logicalId,
      type: definition.Type,
      properties: {},
      dependsOn: entryOf(desired.dependencies, logicalId),
      deletionPolicy: policy(definition.DeletionPolicy),
      updateReplacePolicy: policy(definition.UpdateReplacePolicy),
      status: 'CREATE_IN_PROGRESS',
      updatedAt: new Date(this.engine.clock.now()),
    };
  }

  /** The resource's properties, resolved. */
  async resolveProperties(desired: DesiredStack, logicalId: string): Promise<Properties> {
    const definition = entryOf(desired.resources, logicalId);
    const resolved = resolve(definition.Properties ?? {}, this.scope(desired)) as Properties;
    const properties = await resolveReferences(resolved, this.engine);
    return withStackTags(this.engine.provider(definition.Type), properties, desired.deployment.tags);
  }

  /** As `resolveProperties`, without dynamic references and tags of the stack; empty if that fails. */
  #templateProperties(desired: DesiredStack, logicalId: string): Properties {
    try {
      return resolve(entryOf(desired.resources, logicalId).Properties ?? {}, this.scope(desired)) as Properties;
    } catch {
      return {};
    }
  }

  scope(desired: TemplateValues): Scope {
    const { stacks } = this.engine;
    return scopeOf(desired, {
      ref: (name) => this.#made(name).handle.physicalId,
      getAtt: (logicalId, attribute) => this.#attribute(this.#made(logicalId), attribute),
      importValue: (name) => {
        const found = stacks.export(name);
        if (!found) throw new ResourceFailure(`No export named ${name} found.`);
        this.imports.add(name);
        return found.output.OutputValue;
      },
      stackOutput: (stackName, outputName) => {
        const output = stacks.existing(stackName).outputs.find(({ OutputKey }) => OutputKey === outputName);
        if (!output) throw new ResourceFailure(`Output ${outputName} not found in stack ${stackName}`);
        return output.OutputValue;
      },
    });
  }

  /** Creates a resource of `desired`: with `verb` CREATE a new one, with UPDATE the replacement of another one. */
  async create(desired: DesiredStack, logicalId: string, verb: 'CREATE' | 'UPDATE'): Promise<void> {
    const record = { ...this.newRecord(desired, logicalId), properties: this.#templateProperties(desired, logicalId) };
    const isReplacement = verb === 'UPDATE';
    const reason = 'Requested update requires the creation of a new physical resource; hence creating one.';
    await this.#step(record, { verb, reason: isReplacement ? reason : undefined }, async (put) => {
      const properties = await this.resolveProperties(desired, logicalId);
      const provider = this.engine.provider(record.type);
      let isInitiated = false;
      const initiated = (handle: Handle) => {
        const status = `${verb}_IN_PROGRESS` as const;
        if (!isInitiated) put({ handle, properties, status, reason: 'Resource creation Initiated' });
        isInitiated = true;
      };
      const handle = await provider.create(properties, this.#context(record, initiated));
      initiated(handle);
      return { handle, reason: recordedReason(provider, properties) };
    });
  }

  /** Updates a resource in place. */
  async update({ handle, properties }: CreatedResource, to: StackResource): Promise<void> {
    await this.#step({ ...to, handle }, { verb: 'UPDATE' }, async () => {
      const provider = this.engine.provider(to.type);
      const context = this.#context(to);
      return {
        handle: (await provider.update?.(handle, to.properties, properties, context)) ?? handle,
        reason: recordedReason(provider, to.properties),
      };
    });
  }

  /** Deletes a resource. If that fails, records the failure and throws. */
  async delete(resource: StackResource): Promise<void> {
    const { type, handle, properties } = resource;
    await this.#step(resource, { verb: 'DELETE' }, async () => {
      try {
        if (handle) await this.engine.provider(type).delete(handle, properties, this.#context(resource));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
      return {};
    });
    this.#remove(resource);
  }

  /** Removes a resource from the stack without deleting it. */
  release(resource: StackResource): void {
    this.record({ ...resource, status: 'DELETE_SKIPPED', reason: undefined });
    this.#remove(resource);
  }

  /** Does one step of a resource's life. The result of `work` is recorded with its end. */
  async #step(
    resource: StackResource,
    { verb, reason }: { readonly verb: 'CREATE' | 'UPDATE' | 'DELETE'; readonly reason?: string },
    work: (put: (change: Partial<StackResource>) => void) => Promise<Partial<StackResource>>,
  ): Promise<void> {
    const { clock, resourceMs, ids } = this.engine;
    let current = resource;
    const put = (change: Partial<StackResource>) => {
      current = this.record({ ...current, ...change });
    };
    put({ status: `${verb}_IN_PROGRESS`, reason });
    try {
      const change = await work(put);
      if (resourceMs > 0) await sleep(clock, resourceMs);
      put({ status: `${verb}_COMPLETE`, reason: undefined, ...change });
    } catch (cause) {
      const failure = failureReason(cause, ids.uuid());
      put({ status: `${verb}_FAILED`, reason: failure });
      throw new ResourceFailure(`${resource.logicalId}: ${failure}`, { cause });
    }
  }

  /** Records a change in the history, and in the stack if the resource is still, or from now on, part of it. */
  record(change: StackResource): StackResource {
    const resource = { ...change, updatedAt: new Date(this.engine.clock.now()) };
    const isPart = !resource.status.startsWith('DELETE') || this.#isCurrent(resource);
    if (isPart) this.stack.resources.set(resource.logicalId, resource);
    this.#event(resource, resource.handle?.physicalId ?? '');
    return resource;
  }

  #remove(resource: StackResource): void {
    if (this.#isCurrent(resource)) this.stack.resources.delete(resource.logicalId);
  }

  /** Whether the logical id still belongs to this physical resource, and not to its replacement. */
  #isCurrent({ logicalId, handle }: StackResource): boolean {
    const current = this.stack.resources.get(logicalId);
    return current !== undefined && current.handle?.physicalId === handle?.physicalId;
  }

  #made(logicalId: string): CreatedResource {
    const resource = this.stack.resources.get(logicalId);
    if (!resource?.handle) throw new ResourceFailure(`Resource ${logicalId} has not been created.`);
    return { ...resource, handle: resource.handle };
  }

  /** The value of Fn::GetAtt: the attribute of that name, or else the nested one (`A.B`). Throws if there is none. */
  #attribute(resource: CreatedResource, name: string): unknown {
    const { type, logicalId, handle, properties } = resource;
    const members = Object.hasOwn(handle.attributes, name) ? [name] : name.split('.');
    let value: unknown = handle.attributes;
    for (const member of members) value = memberOf(value, member);
    if (value !== undefined) return value;
    if (this.engine.provider(type).isRecordOnly?.(properties))
      return recordedAttribute(resource, name, this.engine.account);
    throw new ResourceFailure(
      type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'
        ? `CustomResource attribute error: Vendor response doesn't contain ${name} attribute in object ${logicalId}`
        : `Requested attribute ${name} does not exist in schema for ${type} (${logicalId})`,
    );
  }

  #event(
    change: Pick<StackEvent, 'logicalId' | 'type' | 'status' | 'reason' | 'properties'>,
    physicalId: string,
  ): void {
    const { stack, engine } = this;
    const { logicalId, type, status, reason, properties } = change;
    // Clients sort by the time: each event is later than the one before.
    const timestamp = new Date(Math.max(engine.clock.now(), (stack.events.at(-1)?.timestamp.getTime() ?? 0) + 1));
    const isOfStack = type === 'AWS::CloudFormation::Stack';
    const eventId = isOfStack ? engine.ids.uuid() : `${logicalId}-${status}-${timestamp.toISOString()}`;
    const event: StackEvent = {
      ...{ eventId, logicalId, physicalId, type, status, reason, properties },
      stackId: stack.stackId,
      stackName: stack.stackName,
      timestamp,
      clientRequestToken: stack.clientRequestToken,
    };
    stack.events.push(event);
    stack.listener?.(event);
  }

  #context(resource: StackResource, identified: (handle: Handle) => void = () => undefined): ProviderContext {
    const { account, clock, ids, cloud } = this.engine;
    const { stackName, stackId, assets } = this.stack;
    const { logicalId, type: resourceType } = resource;
    return {
      ...{ account, clock, stackId, logicalId, resourceType, identified },
      rollingBack: this.#rollingBack,
      name: (rule) => generatedName(stackName, logicalId, rule, ids),
      uuid: () => ids.uuid(),
      call: (service, operation, input) => cloud.call(service, operation, input, root(account)),
      asset: (key) => assets.get(assetHash(key))?.path,
      onCancel: (task) => {
        if (this.#cancelled) task();
        else this.#onCancel.add(task);
        return () => this.#onCancel.delete(task);
      },
    };
  }
}

/** The hash in an object key of CDK's assets bucket: `prefix/<hash>.zip` → `<hash>`. */
const assetHash = (key: string) => key.slice(key.lastIndexOf('/') + 1).replace(/\..*$/, '');
