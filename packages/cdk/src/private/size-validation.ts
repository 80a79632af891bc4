import { Stack, Token, Tokenization } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { BucketEvent } from '../bucket-event';
import type { SlotSource, SourceSpec } from '../contract';
import type { SmokeTest } from '../smoke-test';
import { eventPattern, MAX_PATTERN_CHARACTERS, SUPPORTED_EVENT_TYPES } from './event-pattern';
import { smokeTestSpecs } from './smoke-tests';

/** Size of an SSM parameter of the advanced tier, in characters. */
const MAX_SPEC_CHARACTERS = 8192;
/** The rest of a spec: names, URLs and times, at least. */
const MIN_SPEC_REST_CHARACTERS = 400;
/** Size of a bucket policy, in characters. */
const MAX_BUCKET_POLICY_CHARACTERS = 20 * 1024;

/** The parts of a spec that grow with the props. */
export interface SpecParts {
  readonly sources: readonly SourceSpec[];
  readonly files: readonly SlotSource[];
  readonly smokeTests: readonly SmokeTest[];
}

/** A problem if the spec is certainly too large for its parameter. Tokens count for nothing: their size is unknown. */
export function specProblems({ sources, files, smokeTests }: SpecParts): string[] {
  const text = JSON.stringify([sources, files, smokeTestSpecs(smokeTests)]);
  const length = lengthWithoutTokens(text) + MIN_SPEC_REST_CHARACTERS;
  if (length <= MAX_SPEC_CHARACTERS) return [];
  return [
    `The endpoint's spec takes at least ${length} characters (${sources.length} sources), expected at most ` +
      `${MAX_SPEC_CHARACTERS}, the size of an SSM parameter. Use fewer or shorter keys: put the data of several ` +
      'containers into one archive, or split the endpoint.',
  ];
}

/** A problem per bucket event whose pattern is certainly too long for a rule. */
export function patternProblems(bucketName: string, events: readonly BucketEvent[]): string[] {
  return events.flatMap((event, index) => {
    if (!SUPPORTED_EVENT_TYPES.includes(event.eventType)) return [];
    const length = lengthWithoutTokens(JSON.stringify(eventPattern(bucketName, event)));
    if (length <= MAX_PATTERN_CHARACTERS) return [];
    return [
      `bucketEvents[${index}] needs an event pattern of at least ${length} characters, expected at most ` +
        `${MAX_PATTERN_CHARACTERS}. Shorten its prefix or suffix.`,
    ];
  });
}

/** Fails the synthesis if the policy of the bucket is certainly too large, because many endpoints share the bucket. */
export function checkBucketPolicySize(bucket: IBucket): void {
  if (CHECKED.has(bucket)) return;
  CHECKED.add(bucket);
  bucket.node.addValidation({
    validate() {
      const document: unknown = Stack.of(bucket).resolve(bucket.policy?.document);
      const length = document === undefined ? 0 : JSON.stringify(withoutIntrinsics(document)).length;
      if (length <= MAX_BUCKET_POLICY_CHARACTERS) return [];
      return [
        `The policy of the data bucket "${bucket.node.path}" takes at least ${length} characters, expected at most ` +
          `${MAX_BUCKET_POLICY_CHARACTERS}, because it grants each endpoint's execution role its slot data. Use fewer ` +
          'execution roles, pass a bucket to ModelData.perSlot, or move endpoints to another stack.',
      ];
    },
  });
}

const CHECKED = new WeakSet<IBucket>();

function lengthWithoutTokens(text: string): number {
  if (!Token.isUnresolved(text)) return text.length;
  const emptied = Tokenization.reverseString(text).mapTokens({ mapToken: () => '' });
  return String(emptied.join({ join: (left, right) => `${left ?? ''}${right ?? ''}` })).length;
}

/** A resolved value in which each intrinsic function is an empty text, except the literal parts of joins. */
function withoutIntrinsics(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIntrinsics);
  if (typeof value !== 'object' || value === null) return value;
  const join = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  if (join && Array.isArray(join[1]))
    return join[1].map((part) => (typeof part === 'string' ? part : '')).join(join[0]);
  const [name, ...more] = Object.keys(value);
  if (more.length === 0 && (name === 'Ref' || name?.startsWith('Fn::'))) return '';
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutIntrinsics(each)]));
}
