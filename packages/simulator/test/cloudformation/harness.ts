// biome-ignore-all lint/suspicious/noExplicitAny: AWS's shapes
import type { CustomResponse } from '../../src/cloudformation/index.ts';
import {
  type CloudFormation,
  type CloudFormationExtras,
  createCloudFormation,
  type Provider,
  type StackEvent,
} from '../../src/cloudformation/index.ts';
import { defaultAccount } from '../../src/core/account.ts';
import { AwsError } from '../../src/core/aws-error.ts';
import { sleep } from '../../src/core/clock.ts';
import { type Caller, Cloud, type Operation, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { runUntilSettled } from './run-until-settled.ts';

/** A thing that the fake provider has created. */
export interface Thing {
  readonly id: string;
  readonly properties: Record<string, unknown>;
}

/** The properties of `Test::Thing`. */
type ThingProperties = {
  /** Its name, by default generated. */
  readonly Name?: string;
  /** A change of it replaces the thing. */
  readonly Kind?: string;
  readonly Value?: unknown;
  /** How long creating the thing takes. */
  readonly DelayMs?: number;
  /** How long updating the thing takes. */
  readonly UpdateMs?: number;
  /** The operation that fails; `created`: creating fails after the thing exists. */
  readonly Fail?: 'create' | 'created' | 'update' | 'rollback' | 'delete';
};

/** CloudFormation over a fake resource type, `Test::Thing`, and fake services. */
export interface Harness {
  readonly cloud: Cloud;
  readonly clock: VirtualClock;
  readonly cfn: CloudFormation;
  /** The existing things, by physical id. */
  readonly things: Map<string, Thing>;
  /** `create A`, `update A`, `delete A`, in order. */
  readonly log: string[];
  readonly events: StackEvent[];
  /** Open custom resource responses by URL. */
  readonly answers: Map<string, (response: CustomResponse) => void>;
  /** Moves the clock until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T>;
  deploy(resources: object, more?: object): ReturnType<CloudFormation['deploy']>;
  /** Calls an operation as the account's root, or as `caller`. */
  call(operation: string, input: object, caller?: Caller): Promise<any>;
  /** Lines of the stack's history: `logicalId STATUS`. */
  history(): string[];
  service(name: string, operations: Record<string, (input: any) => unknown>): void;
}

/** Ref of a `Test::Thing` is `thing:<name>`; its attributes are Arn, Value and Nested.Deep. */
export function harness(extras: Partial<CloudFormationExtras> = {}): Harness {
  const clock = new VirtualClock();
  const cloud = new Cloud();
  const deps = { account: defaultAccount, clock, ids: seededIds(1), cloud };
  const things = new Map<string, Thing>();
  const log: string[] = [];
  const events: StackEvent[] = [];
  const answers = new Map<string, (response: CustomResponse) => void>();
  let responseCount = 0;

  const attributes = (id: string, properties: Record<string, unknown>) => ({
    Arn: `arn:${id}`,
    Value: properties.Value,
    Nested: { Deep: 'deep' },
  });
  const thing: Provider<ThingProperties> = {
    replacing: ['Name', 'Kind'],
    nameProperty: 'Name',
    async create(properties, context) {
      log.push(`create ${context.logicalId}`);
      if (properties.DelayMs !== undefined) {
        await sleep(context.clock, properties.DelayMs);
      }
      if (properties.Fail === 'create') throw new AwsError('SomeException', `${context.logicalId} is refused`);
      const id = `thing:${properties.Name ?? context.name({ maxLength: 64 })}`;
      if (things.has(id)) throw new AwsError('AlreadyExistsException', `${id} already exists`);
      things.set(id, { id, properties });
      const handle = { physicalId: id, attributes: attributes(id, properties) };
      context.identified(handle);
      if (properties.Fail === 'created') throw new AwsError('SomeException', `${context.logicalId} broke`);
      return handle;
    },
    async update({ physicalId }, properties, _old, context) {
      log.push(`update ${context.logicalId}`);
      if (properties.UpdateMs !== undefined) {
        await sleep(context.clock, properties.UpdateMs);
      }
      if (properties.Fail === 'update' || (properties.Fail === 'rollback' && context.rollingBack)) {
        throw new AwsError('SomeException', `${context.logicalId} can't change`);
      }
      things.set(physicalId, { id: physicalId, properties });
      return { physicalId, attributes: attributes(physicalId, properties) };
    },
    async delete({ physicalId }, properties, context) {
      log.push(`delete ${context.logicalId}`);
      if (properties.Fail === 'delete') throw new AwsError('SomeException', `${context.logicalId} won't go`);
      if (!things.delete(physicalId)) throw new AwsError('ResourceNotFoundException', 'gone');
    },
  };

  const cfn = createCloudFormation(deps, {
    customResponses: {
      create() {
        const url = `http://response/${++responseCount}`;
        const response = new Promise<CustomResponse>((resolve) => answers.set(url, resolve));
        return { url, response, close: () => answers.delete(url) };
      },
    },
    ...extras,
    providers: { 'Test::Thing': thing, ...extras.providers },
  });
  cloud.register(cfn.service);

  const service = (name: string, operations: Record<string, (input: any) => unknown>) => {
    const wrapped: [string, Operation][] = Object.entries(operations).map(([key, run]) => [key, { run }]);
    cloud.register({ name, operations: Object.fromEntries(wrapped) });
  };

  return {
    cloud,
    clock,
    cfn,
    things,
    log,
    events,
    answers,
    service,
    run: (promise) => runUntilSettled(clock, promise),
    deploy: (resources, more = {}) =>
      cfn.deploy({
        stackName: 'demo',
        template: { Resources: resources, ...more },
        onEvent: (event) => events.push(event),
      }),
    call: (operation, input, caller = root(defaultAccount)) => cloud.call('cloudformation', operation, input, caller),
    history: () => events.map(({ logicalId, status }) => `${logicalId} ${status}`),
  };
}

/** A `Test::Thing`. */
export const thing = (properties: object = {}, more: object = {}) => ({
  Type: 'Test::Thing',
  Properties: properties,
  ...more,
});
