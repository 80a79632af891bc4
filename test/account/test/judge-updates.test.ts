import { describe, expect, test } from 'vitest';
import type { EndpointSample } from '../endpoint-history.ts';
import {
  judgeClearedReason,
  judgeConfigInUse,
  judgeExtraction,
  judgeLastModified,
  judgeSymlink,
} from '../probes/judge-updates.ts';
import type { UpdateEnd } from '../probes/spare-endpoint.ts';

const sample = (status: string, lastModifiedMs: number, failureReason?: string): EndpointSample => ({
  status,
  config: 'a',
  lastModifiedMs,
  failureReason,
});
const ended = (more: Partial<UpdateEnd> = {}): UpdateEnd => ({ succeeded: true, reason: '', samples: [], ...more });
const refused = (message: string) => ({ accepted: false, name: 'ValidationException', status: 400, message });

describe('a reason that the next update clears', () => {
  const failed = ended({ succeeded: false, reason: 'no ping' });
  const next = (...samples: EndpointSample[]) => ended({ samples: [...samples, sample('InService', 3)] });

  test('is gone while the next update runs', () => {
    const answer = judgeClearedReason(failed, next(sample('Updating', 2)));
    expect(answer).toMatchObject({ verdict: 'holds' });
    expect(answer.evidence[0]).toBe('after the failed update: no ping');
  });

  test('is not cleared if it stays, for the whole update or a part', () => {
    const whole = judgeClearedReason(failed, next(sample('Updating', 2, 'no ping')));
    expect(whole).toMatchObject({ verdict: 'differs', answer: 'FailureReason stays until the next update has ended.' });
    const part = judgeClearedReason(failed, next(sample('Updating', 2, 'no ping'), sample('Updating', 2)));
    expect(part).toMatchObject({ verdict: 'differs', answer: expect.stringContaining('some time into') });
  });

  test('is open if no update failed, without a reason, or if the next one was not seen', () => {
    expect(judgeClearedReason(ended(), next(sample('Updating', 2))).verdict).toBe('open');
    expect(judgeClearedReason({ ...failed, reason: '' }, next(sample('Updating', 2))).verdict).toBe('open');
    expect(judgeClearedReason(failed, next()).verdict).toBe('open');
  });
});

describe('LastModifiedTime', () => {
  test('changes at both ends of the last update', () => {
    const samples = [
      ...[sample('InService', 1), sample('Updating', 1), sample('InService', 1)],
      ...[sample('Updating', 2), sample('Updating', 3), sample('InService', 4)],
    ];
    const answer = judgeLastModified(samples);
    expect(answer).toMatchObject({ verdict: 'holds', answer: expect.stringContaining('it does once') });
    expect(answer.evidence).toHaveLength(4);
  });

  test.each([
    [
      'begin',
      [sample('InService', 1), sample('Updating', 1), sample('InService', 2)],
      'does not change when an update',
    ],
    [
      'end',
      [sample('InService', 1), sample('Updating', 2), sample('InService', 2)],
      'and does not change when it ends',
    ],
  ])('differs if it does not change at the %s', (_which, samples, text) => {
    expect(judgeLastModified(samples)).toMatchObject({ verdict: 'differs', answer: expect.stringContaining(text) });
  });

  test.each([
    ['nothing', []],
    ['no update', [sample('InService', 1)]],
    ['an update that has not ended', [sample('InService', 1), sample('Updating', 2)]],
    ['an update whose begin was missed', [sample('Updating', 2), sample('InService', 3)]],
  ])('is open after %s', (_what, samples) => {
    expect(judgeLastModified(samples).verdict).toBe('open');
  });
});

test('the config in use is rejected with the text of the reports, with another, or not', () => {
  const known = 'Cannot update endpoint with the currently in use endpoint configuration "x".';
  expect(judgeConfigInUse(refused(known))).toMatchObject({
    verdict: 'holds',
    answer: expect.stringContaining(', with the'),
  });
  expect(judgeConfigInUse(refused('Config x is already in use'))).toMatchObject({
    verdict: 'holds',
    answer: expect.stringContaining('another text'),
  });
  expect(judgeConfigInUse(refused('No quota')).verdict).toBe('open');
  expect(judgeConfigInUse({ accepted: true, name: '', message: '' }).verdict).toBe('differs');
});

describe('what is extracted', () => {
  const expected = { link: 'a1', twice: 'b2' };
  const failed = ended({ succeeded: false, reason: 'Failed to extract model data archive' });

  test('is compared file by file', () => {
    expect(judgeExtraction({ update: ended(), digests: expected }, expected).verdict).toBe('holds');
    const other = judgeExtraction({ update: ended(), digests: { link: null, twice: 'b2' } }, expected);
    expect(other).toMatchObject({ verdict: 'differs', answer: 'Other than GNU tar extracts it: link.' });
    expect(other.evidence).toContain('link: missing, expected a1');
  });

  test('is nothing if the update failed', () => {
    expect(judgeExtraction({ update: failed }, expected)).toMatchObject({
      verdict: 'differs',
      evidence: ['Failed to extract model data archive'],
    });
  });

  test('with a symbolic link it should fail', () => {
    expect(judgeSymlink({ update: failed }, expected).verdict).toBe('holds');
    expect(judgeSymlink({ update: ended(), digests: expected }, expected).verdict).toBe('differs');
    expect(judgeSymlink({ update: ended(), digests: { link: null } }, expected).verdict).toBe('holds');
    expect(judgeSymlink({ update: { ...failed, reason: 'no capacity' } }, expected).verdict).toBe('open');
  });
});
