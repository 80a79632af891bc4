import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { EVENT_RULER } from './tools.ts';

/** An event and a pattern that it may match. */
export interface PatternMatch {
  readonly pattern: unknown;
  readonly event: unknown;
}

const SOURCE = join(import.meta.dirname, 'event-ruler', 'MatchEvents.java');

/** Whether each event matches its pattern, as AWS's own matcher says. */
export async function eventRulerMatches(matches: readonly PatternMatch[]): Promise<boolean[]> {
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile('java', ['-cp', join(EVENT_RULER, '*'), SOURCE], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin?.end(matches.map((match) => `${JSON.stringify(match)}\n`).join(''));
  });
  return output
    .trim()
    .split('\n')
    .map((line) => line === 'true');
}
