import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import {
  SMOKE_TEST_TIMEOUT_SECONDS,
  SMOKE_TEST_TRIES,
  type SmokeTestExpectation,
  type SmokeTestSpec,
} from '@freshpoint/cdk/contract';
import type { SmokeTestsView } from '../policy/observation.ts';
import { isAsExpected } from '../policy/smoke-test-answer.ts';
import type { SmokeTests } from '../ports.ts';
import { type Client, send } from './client.ts';

const MAX_SHOWN_CHARACTERS = 80;

/** One test of one variant. */
interface Probe {
  readonly endpointName: string;
  /** Absent: the endpoint has only one. */
  readonly variant?: string;
  readonly test: SmokeTestSpec;
  /** How messages call it. */
  readonly name: string;
}

/** Statuses with which a container says that it is not ready: no answer of the model yet. */
const NOT_READY_STATUSES: ReadonlySet<number> = new Set([429, 503, 504]);

/** Returns a signal that aborts after that many ms. */
type TimeoutSignal = (ms: number) => AbortSignal;

/** InvokeEndpoint. All tests are sent at once, so they take as long as the longest one. */
export function sageMakerSmokeTests(client: Client, timeoutSignal: TimeoutSignal = AbortSignal.timeout): SmokeTests {
  return {
    async run(endpointName, variants, tests) {
      const targets = variants.length > 1 ? variants : [undefined];
      const probes = tests.flatMap((test, index) =>
        targets.map((variant): Probe => {
          const on = variant === undefined ? '' : ` on variant ${variant}`;
          return { endpointName, variant, test, name: `Smoke test ${index + 1} of ${tests.length}${on}` };
        }),
      );
      const views = await Promise.all(probes.map((probe) => untilRight(client, probe, timeoutSignal)));
      const failed = views.find(({ kind }) => kind === 'failed');
      return failed ?? views.find(({ kind }) => kind === 'unanswered') ?? { kind: 'passed' };
    },
  };
}

/** Sends a test until its answer is right, or as many answers as it allows are wrong. */
async function untilRight(client: Client, probe: Probe, timeoutSignal: TimeoutSignal): Promise<SmokeTestsView> {
  const { timeout = SMOKE_TEST_TIMEOUT_SECONDS, tries = SMOKE_TEST_TRIES } = probe.test;
  for (let attempt = 1; ; attempt++) {
    const view = await invoke(client, probe, timeoutSignal(timeout * 1000));
    if (view.kind !== 'failed' || attempt >= tries) return view;
  }
}

async function invoke(client: Client, probe: Probe, signal: AbortSignal): Promise<SmokeTestsView> {
  const { endpointName, variant, test, name } = probe;
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
    return failure(error as ModelFailure, probe);
  }
}

/** An error of InvokeEndpoint; the original status and message are the container's. */
type ModelFailure = Error & { readonly OriginalStatusCode?: number; readonly OriginalMessage?: string };

function failure(error: ModelFailure, { name, test }: Probe): SmokeTestsView {
  const { expect, timeout = SMOKE_TEST_TIMEOUT_SECONDS } = test;
  const { name: code, message, OriginalStatusCode, OriginalMessage } = error;
  // Only this is the model's own answer. Anything else is SageMaker's, or none.
  if (code === 'ModelError' && OriginalStatusCode && !NOT_READY_STATUSES.has(OriginalStatusCode)) {
    const got = `status ${OriginalStatusCode} with ${shown(OriginalMessage ?? message)}`;
    return { kind: 'failed', message: `${name} failed: got ${got}, expected ${shownExpectation(expect)}.` };
  }
  const isTimeout = code === 'AbortError' || code === 'TimeoutError';
  const cause = isTimeout ? `no answer within ${timeout} s` : `${code}: ${message}`;
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
