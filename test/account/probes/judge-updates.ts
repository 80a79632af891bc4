import type { EndpointSample } from '../endpoint-history.ts';
import type { Answer } from './answer.ts';
import { type CallEnd, described } from './refused-call.ts';
import type { UpdateEnd } from './spare-endpoint.ts';

const shown = ({ status, config, lastModifiedMs, failureReason }: EndpointSample) =>
  `${status} on ${config}, LastModifiedTime ${new Date(lastModifiedMs).toISOString()}, reason: ${failureReason ?? 'none'}`;

/** Whether the reason of a failed update is gone while the next one runs. */
export function judgeClearedReason(failed: UpdateEnd, next: UpdateEnd): Answer {
  const running = next.samples.filter(({ status }) => status !== 'InService');
  const evidence = [`after the failed update: ${failed.reason || 'no reason'}`, ...next.samples.map(shown)];
  if (failed.succeeded || failed.reason === '' || running.length === 0) {
    const answer = 'The update that was meant to fail left no reason, or the next one was too short to be seen.';
    return { verdict: 'open', answer, evidence };
  }
  const kept = running.filter(({ failureReason }) => failureReason !== undefined && failureReason !== '');
  if (kept.length === 0) {
    return { verdict: 'holds', answer: 'FailureReason is empty as soon as the next update runs.', evidence };
  }
  const isKeptToTheEnd = kept.length === running.length;
  const until = isKeptToTheEnd ? 'the next update has ended' : 'some time into the next update';
  return { verdict: 'differs', answer: `FailureReason stays until ${until}.`, evidence };
}

/** When LastModifiedTime changes, from the last update among the samples. */
export function judgeLastModified(samples: readonly EndpointSample[]): Answer {
  const isIdle = ({ status }: EndpointSample) => status === 'InService';
  const end = samples.findLastIndex(
    (sample, index) => isIdle(sample) && index > 0 && !isIdle(samples[index - 1] ?? sample),
  );
  const begin = samples.findLastIndex((sample, index) => isIdle(sample) && index < end - 1) + 1;
  const update = samples.slice(Math.max(0, begin - 1), end + 1);
  const [before, ...rest] = update;
  const after = rest.at(-1);
  const running = rest.slice(0, -1);
  const evidence = update.map(shown);
  const [first] = running;
  const last = running.at(-1);
  if (end < 0 || before === undefined || first === undefined || last === undefined || after === undefined) {
    return { verdict: 'open', answer: 'No whole update was seen.', evidence };
  }
  const atBegin = first.lastModifiedMs !== before.lastModifiedMs;
  const atEnd = after.lastModifiedMs !== last.lastModifiedMs;
  const between = new Set(running.map(({ lastModifiedMs }) => lastModifiedMs)).size - 1;
  const meanwhile = between === 0 ? 'it does not' : `it does ${between === 1 ? 'once' : `${between} times`}`;
  const answer =
    `It ${atBegin ? 'changes' : 'does not change'} when an update begins and ${atEnd ? 'changes' : 'does not change'} ` +
    `when it ends; while the update runs ${meanwhile}, as far as was seen.`;
  return { verdict: atBegin && atEnd ? 'holds' : 'differs', answer, evidence };
}

const IN_USE = /^Cannot update endpoint with the currently in use endpoint configuration "[^"]+"\.$/;

/** How an update to the config in use is refused. */
export function judgeConfigInUse(end: CallEnd): Answer {
  const evidence = [described(end)];
  if (end.accepted) return { verdict: 'differs', answer: 'It is accepted.', evidence };
  if (IN_USE.test(end.message))
    return { verdict: 'holds', answer: 'It is rejected, with the text of the reports.', evidence };
  const isOther = /in.?use/i.test(end.message);
  if (isOther)
    return { verdict: 'holds', answer: 'It is rejected, with another text than that of the reports.', evidence };
  return { verdict: 'open', answer: 'It is rejected, for a reason that does not name the config in use.', evidence };
}

/** What was extracted from an archive with unusual entries. */
export interface Extraction {
  readonly update: UpdateEnd;
  /** SHA-256 of the files that the container sees; null for a missing one. Absent if the update failed. */
  readonly digests?: Readonly<Record<string, string | null>>;
}

/** Whether the files are what GNU tar makes of the archive. */
export function judgeExtraction({ update, digests }: Extraction, expected: Readonly<Record<string, string>>): Answer {
  if (!digests) {
    const why = update.reason || 'without a reason';
    return { verdict: 'differs', answer: 'An endpoint with the archive does not start.', evidence: [why] };
  }
  const found = (path: string) => digests[path] ?? 'missing';
  const evidence = Object.keys(expected).map((path) => `${path}: ${found(path)}, expected ${expected[path]}`);
  const wrong = Object.entries(expected).flatMap(([path, digest]) => (digests[path] === digest ? [] : [path]));
  if (wrong.length === 0) return { verdict: 'holds', answer: 'Every file is as GNU tar extracts it.', evidence };
  return { verdict: 'differs', answer: `Other than GNU tar extracts it: ${wrong.join(', ')}.`, evidence };
}

/** Whether an archive with a symbolic link is extracted: the line says that it is not. */
export function judgeSymlink(extraction: Extraction, expected: Readonly<Record<string, string>>): Answer {
  const { verdict, evidence } = judgeExtraction(extraction, expected);
  if (verdict === 'holds')
    return { verdict: 'differs', answer: 'The link is extracted, and leads to its file.', evidence };
  if (extraction.digests) return { verdict: 'holds', answer: 'The endpoint starts, without the link.', evidence };
  const isOfArchive = /extract/i.test(extraction.update.reason);
  if (isOfArchive) return { verdict: 'holds', answer: 'The archive is not extracted, and the update fails.', evidence };
  return { verdict: 'open', answer: 'The update fails, for a reason that does not name the extraction.', evidence };
}
