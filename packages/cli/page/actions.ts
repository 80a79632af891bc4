import type { ActionRequest } from '../src/console/action.ts';
import type { EndpointEvent } from '../src/console/page-data.ts';

/** An action that a person can confirm. */
export interface PageAction {
  readonly label: string;
  readonly does: string;
  readonly request: ActionRequest;
  /** Revisions to choose from, the likely one first. */
  readonly revisions?: readonly string[];
  /** Whether the reason is recorded. */
  readonly takesReason: boolean;
}

/** What can be done with the endpoint now. */
export function actionsOn({ view, returnable, retryable }: EndpointEvent): PageAction[] {
  const { endpoint, suspended } = view;
  const action = (label: string, does: string, command: ActionRequest['command']): PageAction => {
    return { label, does, request: { command, endpoint }, takesReason: true };
  };
  const rollback = action('Roll back', 'Return to an earlier revision, until something newer is uploaded.', 'rollback');
  const retry = action('Retry', 'Take a revision out of quarantine, or end the pause before its next try.', 'retry');
  const refresh = action('Refresh', 'Start a pass of the controller now.', 'refresh');
  const anew = action(
    'Roll out again',
    'Roll the newest upload out again, although it serves or another one is pinned.',
    'refresh',
  );
  return [
    { ...rollback, revisions: returnable },
    suspended
      ? action('Resume', 'End the suspension.', 'resume')
      : action('Suspend', 'No swaps until resumed: uploads and rollbacks wait.', 'suspend'),
    ...(retryable.length > 0 ? [{ ...retry, revisions: retryable }] : []),
    { ...refresh, takesReason: false },
    { ...anew, request: { ...anew.request, force: true } },
    { ...action('Redrive', 'Move dead letters back to the work queue.', 'redrive'), takesReason: false },
  ];
}
