import { InvokeEndpointCommand, type InvokeEndpointOutput } from '@aws-sdk/client-sagemaker-runtime';
import type { SmokeTestExpectation, SmokeTestSpec } from '@freshpoint/cdk/contract';
import type { SmokeTestsView } from '../policy/observation.ts';
import type { SmokeTests } from '../ports.ts';
import type { Client } from './client.ts';

/** So long one answer is waited for, in ms. */
const ANSWER_MS = 10_000;
/** So long all of them are, in ms: the function lives 60 s. */
const ALL_MS = 20_000;
const SHOWN = 80;

/** InvokeEndpoint. */
export function sageMakerSmokeTests(client: Client): SmokeTests {
  return {
    async run(endpointName, variants, tests) {
      const all = AbortSignal.timeout(ALL_MS);
      const targets = variants.length > 1 ? variants : [undefined];
      const views = await Promise.all(
        tests.flatMap((test, index) =>
          targets.map((variant) => {
            const at = variant === undefined ? '' : ` on variant ${variant}`;
            const name = `Smoke test ${index + 1} of ${tests.length}${at}`;
            return ask(client, endpointName, variant, test, name, all);
          }),
        ),
      );
      const failed = views.find(({ kind }) => kind === 'failed');
      return failed ?? views.find(({ kind }) => kind === 'unanswered') ?? { kind: 'passed' };
    },
  };
}

async function ask(
  client: Client,
  endpointName: string,
  variant: string | undefined,
  { payload, contentType, accept, expect }: SmokeTestSpec,
  name: string,
  all: AbortSignal,
): Promise<SmokeTestsView> {
  try {
    const output: InvokeEndpointOutput = await client.send(
      new InvokeEndpointCommand({
        EndpointName: endpointName,
        Body: Buffer.from(payload),
        ContentType: contentType,
        Accept: accept,
        TargetVariant: variant,
      }),
      { abortSignal: AbortSignal.any([all, AbortSignal.timeout(ANSWER_MS)]) },
    );
    const answer = Buffer.from(output.Body ?? []).toString();
    if (isAsExpected(answer, expect)) return { kind: 'passed' };
    return { kind: 'failed', message: `${name} failed: got ${shown(answer)}, expected ${shownExpectation(expect)}.` };
  } catch (error) {
    const {
      name: code,
      message,
      OriginalStatusCode,
      OriginalMessage,
    } = error as Error & {
      OriginalStatusCode?: number;
      OriginalMessage?: string;
    };
    // The container's own answer; anything else is SageMaker's, or none.
    if (code === 'ModelError' && OriginalStatusCode) {
      const got = `status ${OriginalStatusCode} with ${shown(OriginalMessage ?? message)}`;
      return { kind: 'failed', message: `${name} failed: got ${got}, expected ${shownExpectation(expect)}.` };
    }
    const why = code === 'AbortError' || code === 'TimeoutError' ? `no answer within ${ANSWER_MS / 1000} s` : message;
    return { kind: 'unanswered', message: `${name} was not answered: ${why}.` };
  }
}

/** Whether the answer is what the test asks for. */
export function isAsExpected(answer: string, expectation: SmokeTestExpectation | undefined): boolean {
  if (expectation === undefined) return true;
  if (expectation.kind === 'contains') return answer.includes(expectation.text);
  try {
    return hasMembers(JSON.parse(answer), expectation.value);
  } catch {
    return false;
  }
}

/** At least the members of `expected`, at any depth; lists are as long, and in the same order. */
function hasMembers(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(value, expected);
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(expected)) return false;
  if (Array.isArray(expected) && (value as unknown[]).length !== expected.length) return false;
  return Object.entries(expected).every(
    ([name, member]) => Object.hasOwn(value, name) && hasMembers((value as Record<string, unknown>)[name], member),
  );
}

function shown(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return cut === '' ? 'an empty answer' : cut;
}

function shownExpectation(expectation: SmokeTestExpectation | undefined): string {
  if (expectation === undefined) return 'any answer of status 200';
  if (expectation.kind === 'contains') return `an answer with ${shown(expectation.text)}`;
  return `at least ${shown(JSON.stringify(expectation.value))}`;
}
