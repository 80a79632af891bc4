import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { EVENT_RULER } from './tools.ts';

/** An event and a pattern that it may match. */
export interface PatternMatch {
  readonly pattern: unknown;
  readonly event: unknown;
}

const SOURCE = join(import.meta.dirname, 'event-ruler', 'MatchEvents.java');

/** Whether each event matches its pattern, as AWS's own matcher says. Throws an error if it rejects a pattern. */
export function eventRulerMatches(matches: readonly PatternMatch[]): boolean[] {
  const input = matches.map((match) => `${JSON.stringify(match)}\n`).join('');
  const output = execFileSync('java', ['-cp', join(EVENT_RULER, '*'), SOURCE], { input, encoding: 'utf8' });
  return output
    .trim()
    .split('\n')
    .map((line) => line === 'true');
}
