/** The commands that the page has a button for. */
export const ACTIONS = ['rollback', 'suspend', 'resume', 'retry', 'refresh', 'redrive'] as const;

/** The name of such a command. */
export type ActionName = (typeof ACTIONS)[number];

/** What a person asks for: a command, and its arguments. */
export interface ActionRequest {
  readonly command: ActionName;
  readonly endpoint: string;
  /** Of a rollback: the revision to return to. Of a retry: the revision to try again. */
  readonly revision?: string;
  /** Of a refresh: roll the newest upload out again. */
  readonly force?: boolean;
  readonly reason?: string;
}

/** The arguments of the command, as a person types them. A rollback does not wait: the page shows the progress. */
export function argumentsOf({ command, endpoint, revision, force, reason }: ActionRequest): string[] {
  const isRollback = command === 'rollback';
  return [
    command,
    endpoint,
    ...(command === 'retry' && revision !== undefined ? [revision] : []),
    ...(isRollback && revision !== undefined ? [`--to=${revision}`] : []),
    ...(isRollback ? ['--no-wait'] : []),
    ...(force ? ['--force'] : []),
    ...(reason === undefined ? [] : [`--reason=${reason}`]),
  ];
}

/** The request in a text. Undefined: it is none. */
export function parseAction(text: string): ActionRequest | undefined {
  try {
    const { command, endpoint, revision, force, reason } = JSON.parse(text) as Record<string, unknown>;
    // An argument that begins with a dash would be an option.
    const isText = (value: unknown) => typeof value === 'string' && !value.startsWith('-');
    const isSound =
      ACTIONS.some((name) => name === command) &&
      isText(endpoint) &&
      (revision === undefined || isText(revision)) &&
      (force === undefined || typeof force === 'boolean') &&
      (reason === undefined || typeof reason === 'string');
    return isSound ? ({ command, endpoint, revision, force, reason } as ActionRequest) : undefined;
  } catch {
    return undefined;
  }
}
