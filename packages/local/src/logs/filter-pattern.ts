import { AwsError } from '../core/aws-error.ts';

/**
 * Reads a filter pattern of plain terms: all must occur in the message; those with `-` must not; quotes keep a phrase whole.
 * @throws AwsError UnsupportedOperationException for JSON, space-delimited and regular-expression patterns
 */
export function matchesFilter(pattern: string | undefined): (message: string) => boolean {
  const text = (pattern ?? '').trim();
  if (/^[{[%]/.test(text)) {
    throw new AwsError(
      'UnsupportedOperationException',
      `The local runtime does not simulate the filter pattern ${text}.`,
      501,
    );
  }
  const terms = [...text.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)].map(([, minus, phrase, word]) => ({
    wanted: minus === '',
    text: phrase ?? word ?? '',
  }));
  return (message) => terms.every((term) => message.includes(term.text) === term.wanted);
}
