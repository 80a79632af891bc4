import type { Tag } from '../core/tags.ts';
import type { AssetLookup } from './assets.ts';
import type { PreparedTemplate } from './prepared-template.ts';
import type { Handle, Properties } from './provider.ts';

/** StackStatus of AWS's API, as far as the local runtime reaches it. */
export type StackStatus =
  | 'REVIEW_IN_PROGRESS'
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_COMPLETE'
  | 'CREATE_FAILED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_COMPLETE'
  | 'ROLLBACK_FAILED'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED';

/** ResourceStatus of AWS's API. */
export type ResourceStatus =
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_COMPLETE'
  | 'CREATE_FAILED'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_FAILED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED'
  | 'DELETE_SKIPPED';

/** One resource that belongs to a stack. Records are replaced, never changed. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** Absent while it isn't made yet, or when making it failed. */
  readonly handle?: Handle;
  readonly properties: Properties;
  readonly dependsOn: ReadonlySet<string>;
  readonly deletionPolicy: string;
  readonly updateReplacePolicy: string;
  readonly status: ResourceStatus;
  readonly reason?: string;
  readonly updatedAt: Date;
}

/** One line of a stack's history. */
export interface StackEvent {
  readonly eventId: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly timestamp: Date;
  /** The stack's own name for events of the stack. */
  readonly logicalId: string;
  readonly physicalId: string;
  /** `AWS::CloudFormation::Stack` for events of the stack. */
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly clientRequestToken?: string;
}

/** One resolved entry of `Outputs`. */
export interface StackOutput {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

/** What a deployment is asked to bring about. */
export interface DesiredStack {
  readonly template: PreparedTemplate;
  readonly tags: readonly Tag[];
  readonly capabilities: readonly string[];
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
  /** What was deployed last; absent in REVIEW_IN_PROGRESS. */
  deployed?: DesiredStack;
  resources: Map<string, StackResource>;
  outputs: StackOutput[];
  /** Names of other stacks' exports that this one uses. */
  imports: Set<string>;
  readonly events: StackEvent[];
  /** Every asset that a deployment brought along: a rollback may need an older one. */
  readonly assets: Map<string, AssetLookup>;
  disableRollback: boolean;
  terminationProtection: boolean;
  lastChangeSetId?: string;
  /** Told of each event; must not throw. */
  listener?: (event: StackEvent) => void;
  clientRequestToken?: string;
}
