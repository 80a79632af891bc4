import type { DeploymentRequestType } from '@freshpoint/cdk/contract';
import type { StackView } from './observation.ts';

/**
 * Whether CloudFormation still waits for the answer to a request of this type. A message can outlive its stack: then
 * nothing of it may be carried out, or it would create anew what the stack has deleted.
 */
export function isAwaited(type: DeploymentRequestType, { kind, status }: StackView): boolean {
  if (kind !== 'deploying') return false;
  const isDeleting = status.startsWith('DELETE');
  switch (type) {
    // In a rollback, resources that were being created are deleted.
    case 'Create':
      return !isDeleting && !status.includes('ROLLBACK');
    case 'Update':
      return !isDeleting;
    // Resources are deleted with the stack, in a rollback, or last.
    case 'Delete':
      return isDeleting || status.includes('ROLLBACK') || status.includes('CLEANUP');
  }
}
