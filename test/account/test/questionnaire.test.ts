import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EXPECTED_MINUTES, estimateCost } from '../cost.ts';
import { PROBES } from '../probes/all-probes.ts';
import { isAsked } from '../probes/probe.ts';
import { FIDELITY_PAGE, unverifiedLines } from '../questionnaire.ts';

const FIDELITY = readFileSync(FIDELITY_PAGE, 'utf8');

describe('docs/fidelity.md and the probes', () => {
  test('each unverified line has exactly one probe, and each probe a line', () => {
    const ids = unverifiedLines(FIDELITY).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(PROBES.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  test('the page has the numbers of lines, and the cost', () => {
    const { expectedDollars, instanceHours } = estimateCost('ml.m5.large', 150);
    expect(FIDELITY).toContain(`answers 18 of the ${PROBES.length} lines`);
    const page = FIDELITY.replaceAll(/<!-- \/?constant -->/g, '');
    expect(page).toContain(
      `about $${expectedDollars.toFixed(2)} at the prices of us-east-1, for ${instanceHours.toFixed(1)} instance hours`,
    );
    expect(FIDELITY).toContain(`within ${EXPECTED_MINUTES} minutes`);
  });

  test('few lines are not asked, and these say why and what a person would do', () => {
    const notAsked = PROBES.flatMap((probe) => (isAsked(probe) ? [] : [probe]));
    expect(notAsked.map(({ id }) => id)).toEqual(['update-in-rare-statuses', 'rollback-without-reason']);
    for (const { whyNot, byHand } of notAsked) expect([whyNot, byHand]).not.toContain('');
  });
});

describe('the lines of a document', () => {
  const row = (source: string) => `| it is so | ${source} | nothing |`;

  test('a row is named by its marker, and says what of it is unverified', () => {
    const source = 'API reference; *exact moments unverified* <!-- probe: moments -->';
    expect(unverifiedLines(`text\n${row(source)}`)).toEqual([
      { id: 'moments', claim: 'it is so (exact moments unverified)' },
    ]);
    expect(unverifiedLines(row('*unverified* <!-- probe: all -->'))).toEqual([{ id: 'all', claim: 'it is so' }]);
  });

  test('an unverified line without a marker is an error', () => {
    expect(() => unverifiedLines(`text\n${row('*unverified*')}`)).toThrow(
      'docs/fidelity.md:2 has 0 markers of probes; expected one marker',
    );
    expect(() => unverifiedLines('This is unverified, too.')).toThrow('fidelity.md:1 has 0 markers');
  });

  test('so are two markers, and one on a line that is verified', () => {
    expect(() => unverifiedLines(row('unverified <!-- probe: a --> <!-- probe: b -->'))).toThrow('has 2 markers');
    expect(() => unverifiedLines(row('API reference <!-- probe: a -->'))).toThrow('expected no marker');
  });

  test('the sentence that defines the word is none', () => {
    expect(unverifiedLines('A claim without a source is marked *unverified*, with the effect.')).toEqual([]);
  });
});
