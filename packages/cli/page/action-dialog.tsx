import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { argumentsOf } from '../src/console/action.ts';
import type { ActionResponse } from '../src/console/page-data.ts';
import { MAX_REASON_CHARACTERS } from '../src/usage.ts';
import type { PageAction } from './actions.ts';
import { postAction } from './connection.ts';

interface DialogProps {
  readonly action: PageAction;
  readonly onClose: (response?: ActionResponse) => void;
}

/** Asks whether to run a command, and runs it. */
export function ActionDialog({ action, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [revision, chooseRevision] = useState(action.revisions?.[0]);
  const [reason, setReason] = useState('');
  const [isRunning, setRunning] = useState(false);
  // An effect would wait for a frame, and what is typed until then would go to the page.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const request = { ...action.request, revision, ...(reason !== '' && { reason }) };
  const confirm = async (event: Event) => {
    event.preventDefault();
    setRunning(true);
    const response = await postAction(request);
    // The focus returns to the button.
    dialog.current?.close();
    onClose(response);
  };
  return (
    <dialog ref={dialog} aria-labelledby="action" onClose={() => onClose()}>
      <form onSubmit={confirm}>
        <h2 id="action">{action.label}?</h2>
        <p>{action.does}</p>
        {revision !== undefined && (
          <label>
            Revision
            <select value={revision} onChange={({ currentTarget }) => chooseRevision(currentTarget.value)}>
              {action.revisions?.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        )}
        {action.takesReason && (
          <label>
            Reason, for the history
            <input
              value={reason}
              maxLength={MAX_REASON_CHARACTERS}
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
          </label>
        )}
        <code>freshpoint {argumentsOf(request).map(quoted).join(' ')}</code>
        <div class="buttons">
          <button type="submit" class="main" disabled={isRunning}>
            {action.label}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** As a shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
