import type { Output, ResourceStatus, StackStatus } from '@aws-sdk/client-cloudformation';
import { constraintMessage } from '../core/constraint.ts';
import type { Tag } from '../core/tags.ts';
import type { PreparedTemplate } from './prepared-template.ts';
import type { Handle, Properties } from './provider.ts';
import { validationError } from './template.ts';

/** The file or folder of an asset. */
export interface AssetLookup {
  readonly path: string;
}

/** Assets by hash. */
export type Assets = ReadonlyMap<string, AssetLookup>;

/** One resource of a stack. Records are replaced, never changed. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** Absent before the resource is created, and if creating it failed. */
  readonly handle?: Handle;
  readonly properties: Properties;
  readonly dependsOn: ReadonlySet<string>;
  readonly deletionPolicy: string;
  readonly updateReplacePolicy: string;
  readonly status: ResourceStatus;
  readonly reason?: string;
  readonly updatedAt: Date;
}

/** A resource that exists. */
export type CreatedResource = StackResource & { readonly handle: Handle };

/** Whether CloudFormation keeps a resource with the policy when it is no longer part of the stack. */
export function isRetained(policy: string): boolean {
  return policy === 'Retain' || policy === 'RetainExceptOnCreate';
}

/** One event of a stack's history. */
export interface StackEvent {
  readonly eventId: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly timestamp: Date;
  /** The stack's name in events of the stack. */
  readonly logicalId: string;
  readonly physicalId: string;
  /** `AWS::CloudFormation::Stack` in events of the stack. */
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  /** Absent in events of the stack. */
  readonly properties?: Properties;
  readonly clientRequestToken?: string;
}

/** One resolved entry of `Outputs`. */
export type StackOutput = Output & { readonly OutputKey: string; readonly OutputValue: string };

/** A requested deployment, as data. */
export interface StackDeployment extends Pick<PreparedTemplate, 'template' | 'body' | 'parameters' | 'pseudo'> {
  readonly tags: readonly Tag[];
  readonly capabilities: readonly string[];
}

/** The requested state of a stack. */
export interface DesiredStack extends PreparedTemplate {
  readonly deployment: StackDeployment;
}

/** A stack and its history. */
export interface Stack {
  readonly stackId: string;
  readonly stackName: string;
  readonly createdAt: Date;
  status: StackStatus;
  reason?: string;
  updatedAt?: Date;
  deletedAt?: Date;
  /** The last deployment; absent in REVIEW_IN_PROGRESS. */
  deployed?: StackDeployment;
  resources: Map<string, StackResource>;
  outputs: StackOutput[];
  /** The names of the exports that this stack imports. */
  imports: Set<string>;
  readonly events: StackEvent[];
  /** The assets of all deployments, as a rollback may need an old one. */
  readonly assets: Map<string, AssetLookup>;
  disableRollback: boolean;
  terminationProtection: boolean;
  lastChangeSetId?: string;
  /** Whether the last operation was interrupted, so that the resources may be as no template says. */
  isInterrupted?: boolean;
  /** Called with each event; must not throw. */
  listener?: (event: StackEvent) => void;
  clientRequestToken?: string;
}

/** All stacks of the account by id, in order of creation: at most one live stack per name, and the deleted ones. */
export class Stacks extends Map<string, Stack> {
  live(): Stack[] {
    return [...this.values()].filter(({ status }) => status !== 'DELETE_COMPLETE');
  }

  /** Finds a live stack by name, or any stack by id. */
  find(nameOrId: string | undefined): Stack | undefined {
    return this.get(nameOrId ?? '') ?? this.live().find(({ stackName }) => stackName === nameOrId);
  }

  /** As `find`. Throws ValidationError. */
  existing(nameOrId: string | undefined): Stack {
    const stack = this.find(nameOrId);
    if (nameOrId === undefined) throw validationError(constraintMessage('stackName', undefined, 'not be null'));
    if (!stack) throw validationError(`Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  /** The export's value and its stack. */
  export(name: string | undefined): { readonly stack: Stack; readonly output: StackOutput } | undefined {
    const exported = this.live().flatMap((stack) => stack.outputs.map((output) => ({ stack, output })));
    return exported.find(({ output }) => name !== undefined && output.ExportName === name);
  }

  /** Names of the live stacks that import `name`. */
  importers(name: string | undefined): string[] {
    const importing = this.live().filter(({ imports }) => name !== undefined && imports.has(name));
    return importing.map(({ stackName }) => stackName);
  }
}
