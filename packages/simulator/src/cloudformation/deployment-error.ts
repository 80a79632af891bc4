import type { Stack, StackEvent } from './stack.ts';

/** A failed deployment. The message names the resource that failed first and why. */
export class DeploymentError extends Error {
  readonly stackName: string;
  /** The stack's status at the end, e.g. `UPDATE_ROLLBACK_COMPLETE`. */
  readonly status: string;
  /** The event of the first failure; absent if no resource failed. */
  readonly event?: StackEvent;

  constructor(stack: Stack, events: readonly StackEvent[]) {
    const first = events.find(
      ({ status, reason }) =>
        status.endsWith('_FAILED') && reason !== undefined && !/^Resource .* cancelled$/.test(reason),
    );
    const why = first
      ? `${first.logicalId} (${first.type}) ${first.status}: ${first.reason}`
      : (events.find(({ status, reason }) => status.includes('ROLLBACK') && reason !== undefined)?.reason ??
        stack.reason ??
        'no reason was given');
    super(`Stack ${stack.stackName} is ${stack.status}. ${why}`);
    this.name = 'DeploymentError';
    this.stackName = stack.stackName;
    this.status = stack.status;
    this.event = first;
  }
}
