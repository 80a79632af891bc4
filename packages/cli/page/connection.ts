import type { ActionRequest } from '../src/console/action.ts';
import type { ActionResponse, PageEvent } from '../src/console/page-data.ts';

/** The token is kept for this tab, so that a reload works and the address can be shown. */
const STORAGE_KEY = 'freshpoint-token';
/** Pause before a lost connection is tried again, in milliseconds. */
const RETRY_MS = 2000;

/** Moves the token from the address to the tab's storage. */
export function takeToken(): void {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  sessionStorage.setItem(STORAGE_KEY, token);
  history.replaceState(null, '', '/');
}

function headers(): Record<string, string> {
  return { Authorization: `Bearer ${sessionStorage.getItem(STORAGE_KEY) ?? ''}` };
}

/**
 * Reads server-sent events until `signal` aborts, and connects again when the connection is lost. EventSource cannot
 * send the token in a header.
 */
export async function followEvents(
  endpoint: string | undefined,
  onEvent: (event: PageEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const query = endpoint === undefined ? '' : `?endpoint=${encodeURIComponent(endpoint)}`;
  while (!signal.aborted) {
    try {
      const response = await fetch(`/events${query}`, { headers: headers(), signal });
      if (response.ok) await readEvents(response, onEvent);
      else onEvent({ kind: 'problem', message: ((await response.json()) as { error: string }).error });
    } catch {
      if (!signal.aborted) onEvent({ kind: 'problem', message: 'The console does not answer. Is it still running?' });
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function readEvents({ body }: Response, onEvent: (event: PageEvent) => void): Promise<void> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let unread = '';
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) throw new Error('The stream has ended.');
    const messages = (unread + value).split('\n\n');
    unread = messages.pop() ?? '';
    for (const message of messages) onEvent(JSON.parse(message.replace(/^data: /, '')) as PageEvent);
  }
}

/** Runs a command. */
export async function postAction(request: ActionRequest): Promise<ActionResponse> {
  try {
    const response = await fetch('/actions', { method: 'POST', headers: headers(), body: JSON.stringify(request) });
    return (await response.json()) as ActionResponse;
  } catch {
    return { error: 'The console did not answer, so it is not known whether that was done. See the history.' };
  }
}
