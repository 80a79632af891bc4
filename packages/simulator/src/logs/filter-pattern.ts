import { AwsError } from '../core/aws-error.ts';

/**
 * Compiles a filter pattern of plain terms: every term must occur in the message, a term with `-` must not, and quotes
 * keep a phrase together. Throws AwsError UnsupportedOperationException for JSON, space-delimited and
 * regular-expression patterns.
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
    isRequired: minus === '',
    text: phrase ?? word ?? '',
  }));
  return (message) => terms.every((term) => message.includes(term.text) === term.isRequired);
}
