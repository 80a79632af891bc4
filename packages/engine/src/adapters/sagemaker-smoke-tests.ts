import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import type { SmokeTestExpectation, SmokeTestSpec } from '@freshpoint/cdk/contract';
import type { SmokeTestsView } from '../policy/observation.ts';
import { isAsExpected } from '../policy/smoke-test-answer.ts';
import type { SmokeTests } from '../ports.ts';
import { type Client, send } from './client.ts';

/** Timeout of one answer, in ms. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Timeout of all answers together, in ms: the function's timeout is 60 s. */
const TOTAL_TIMEOUT_MS = 20_000;
const MAX_SHOWN_CHARACTERS = 80;

/** One request of one test to one variant. */
interface Invocation {
  readonly endpointName: string;
  /** Absent: the endpoint has only one. */
  readonly variant?: string;
  readonly test: SmokeTestSpec;
  /** How messages call it. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Statuses with which a container says that it is not ready: no answer of the model yet. */
const NOT_READY_STATUSES: ReadonlySet<number> = new Set([429, 503, 504]);

/** Returns a signal that aborts after that many ms. */
type TimeoutSignal = (ms: number) => AbortSignal;

/** InvokeEndpoint. */
export function sageMakerSmokeTests(client: Client, timeoutSignal: TimeoutSignal = AbortSignal.timeout): SmokeTests {
  return {
    async run(endpointName, variants, tests) {
      const total = timeoutSignal(TOTAL_TIMEOUT_MS);
      const targets = variants.length > 1 ? variants : [undefined];
      const invocations = tests.flatMap((test, index) =>
        targets.map((variant): Invocation => {
          const on = variant === undefined ? '' : ` on variant ${variant}`;
          const signal = AbortSignal.any([total, timeoutSignal(ANSWER_TIMEOUT_MS)]);
          return { endpointName, variant, test, name: `Smoke test ${index + 1} of ${tests.length}${on}`, signal };
        }),
      );
      const views = await Promise.all(invocations.map((invocation) => invoke(client, invocation)));
      const failed = views.find(({ kind }) => kind === 'failed');
      return failed ?? views.find(({ kind }) => kind === 'unanswered') ?? { kind: 'passed' };
    },
  };
}

async function invoke(
  client: Client,
  { endpointName, variant, test, name, signal }: Invocation,
): Promise<SmokeTestsView> {
  const { payload, contentType, accept, expect } = test;
  try {
    const output = await send(
      client,
      new InvokeEndpointCommand({
        EndpointName: endpointName,
        Body: Buffer.from(payload),
        ContentType: contentType,
        Accept: accept,
        TargetVariant: variant,
      }),
      { abortSignal: signal },
    );
    const answer = Buffer.from(output.Body ?? []).toString();
    if (isAsExpected(answer, expect)) return { kind: 'passed' };
    return { kind: 'failed', message: `${name} failed: got ${shown(answer)}, expected ${shownExpectation(expect)}.` };
  } catch (error) {
    return failure(error as ModelFailure, name, expect);
  }
}

/** An error of InvokeEndpoint; the original status and message are the container's. */
type ModelFailure = Error & { readonly OriginalStatusCode?: number; readonly OriginalMessage?: string };

function failure(error: ModelFailure, name: string, expect: SmokeTestExpectation | undefined): SmokeTestsView {
  const { name: code, message, OriginalStatusCode, OriginalMessage } = error;
  // Only this is the model's own answer. Anything else is SageMaker's, or none.
  if (code === 'ModelError' && OriginalStatusCode && !NOT_READY_STATUSES.has(OriginalStatusCode)) {
    const got = `status ${OriginalStatusCode} with ${shown(OriginalMessage ?? message)}`;
    return { kind: 'failed', message: `${name} failed: got ${got}, expected ${shownExpectation(expect)}.` };
  }
  const isTimeout = code === 'AbortError' || code === 'TimeoutError';
  const cause = isTimeout ? `no answer within ${ANSWER_TIMEOUT_MS / 1000} s` : `${code}: ${message}`;
  return { kind: 'unanswered', message: `${name} was not answered: ${cause.replace(/\.$/, '')}.` };
}

function shown(text: string): string {
  const cut = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return cut === '' ? 'an empty answer' : cut;
}

function shownExpectation(expectation: SmokeTestExpectation | undefined): string {
  if (expectation === undefined) return 'any answer with status 200';
  if (expectation.kind === 'contains') return `an answer that contains ${shown(expectation.text)}`;
  return `at least ${shown(JSON.stringify(expectation.value))}`;
}
