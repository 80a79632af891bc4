import type { OutputFormat } from '../text.ts';

/** The phases of a rollback that is under way. */
export type RollbackPhase = 'waiting' | 'staging' | 'updating' | 'retrying';

/** One event of a rollback. */
export interface RollbackEvent {
  readonly event: 'pinned' | 'suspended' | RollbackPhase | 'serving' | 'refused' | 'superseded';
  readonly revision: string;
  /** The line for people. Absent: only programs get the event; people read the command's error. */
  readonly text?: string;
  /** Further members of the JSON object. */
  readonly details?: object;
}

/** Prints an event. */
export type RollbackReport = (event: RollbackEvent) => void;

/** Prints lines for people, or one JSON object per event. */
export function rollbackReport(format: OutputFormat, write: (line: string) => void): RollbackReport {
  if (format === 'json') {
    return ({ event, revision, details }) => write(JSON.stringify({ event, revision, ...details }));
  }
  return ({ text }) => {
    if (text !== undefined) write(text);
  };
}
