import { join } from 'node:path';

/** Path of docs/fidelity.md. */
export const FIDELITY_PAGE = join(import.meta.dirname, '../../docs/fidelity.md');

/** A line of docs/fidelity.md that nobody has seen on an account. */
export interface UnverifiedLine {
  /** From its marker `<!-- probe: id -->`. */
  readonly id: string;
  /** Its first cell or cells: what is said of AWS. */
  readonly claim: string;
}

const MARKER = /<!-- probe: ([a-z-]+) -->/g;
const UNVERIFIED = /unverified/i;
/** The sentence that says what the word means. */
const DEFINITION = /marked \*unverified\*/;
/** Words of a row that say which part of it is unverified. */
const OPEN_PART = /[^;|]*unverified[^;|]*/i;

/** The unverified lines of the document, in order. Throws for a line that has not exactly one marker. */
export function unverifiedLines(document: string): UnverifiedLine[] {
  return document.split('\n').flatMap((line, index) => {
    const ids = [...line.matchAll(MARKER)].map(([, id = '']) => id);
    const isUnverified = UNVERIFIED.test(line) && !DEFINITION.test(line);
    if (ids.length !== (isUnverified ? 1 : 0)) {
      const expected = isUnverified ? 'one marker <!-- probe: id -->, because it is unverified' : 'no marker';
      throw new Error(`docs/fidelity.md:${index + 1} has ${ids.length} markers of probes; expected ${expected}.`);
    }
    return ids.map((id) => ({ id, claim: claimOf(line) }));
  });
}

/** The row's first cell, and what of it is unverified if that is only a part. */
function claimOf(line: string): string {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.replace(MARKER, '').trim());
  const [, claim = '', source = ''] = cells;
  const part = OPEN_PART.exec(source)?.[0].replaceAll('*', '').trim() ?? '';
  return part === '' || part === 'unverified' ? claim : `${claim} (${part})`;
}
