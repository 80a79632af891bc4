import type { Duration } from 'aws-cdk-lib';
import type { SmokeTestExpectation } from './contract';

/** The expected response to a smoke test. */
export class Expect {
  /** The response contains this text. */
  public static contains(text: string): Expect {
    return new Expect({ kind: 'contains', text });
  }

  /**
   * The response is JSON that has at least these members, at any depth. Arrays must have the same length and order.
   *
   * @param value any JSON value
   */
  // biome-ignore lint/suspicious/noExplicitAny: jsii has no other type for JSON values
  public static json(value: any): Expect {
    return new Expect({ kind: 'json', value });
  }

  /** @internal */
  public readonly _expectation: SmokeTestExpectation;

  private constructor(expectation: SmokeTestExpectation) {
    this._expectation = expectation;
  }
}

/**
 * A request that the endpoint must answer as expected after a refresh.
 *
 * It is sent to each variant. A wrong response is followed by another request, until `tries` are wrong: then the
 * refresh is rolled back. A response that takes longer than `timeout` counts as missing; such a test is sent again in
 * growing pauses, and never counts as wrong.
 *
 * @example
 * import { Expect, SmokeTest } from '@freshpoint/cdk';
 *
 * const smokeTest: SmokeTest = {
 *   payload: '5.1,3.5,1.4,0.2',
 *   contentType: 'text/csv',
 *   expect: Expect.json({ class: 'setosa' }),
 * };
 */
export interface SmokeTest {
  /** Body of the request. All smoke tests of an endpoint together take at most 2,000 characters as JSON. */
  readonly payload: string;

  /** MIME type of the payload, for example `text/csv`. */
  readonly contentType: string;

  /**
   * MIME type of the response, sent as the `Accept` header.
   *
   * @default - chosen by the container
   */
  readonly accept?: string;

  /**
   * The expected response.
   *
   * @default - any response with status 200
   */
  readonly expect?: Expect;

  /**
   * Time limit of one response. `timeout` times `tries` is at most 40 seconds, because the refresher's function has 60
   * seconds for all of a pass.
   *
   * @default Duration.seconds(10)
   */
  readonly timeout?: Duration;

  /**
   * How many wrong responses in a row fail the test. With one, the first wrong response does.
   *
   * @default 2
   */
  readonly tries?: number;
}
