import type { SmokeTestExpectation } from './contract';

/** What a smoke test's answer must be like. */
export class Expect {
  /** An answer with this text in it. */
  public static contains(text: string): Expect {
    return new Expect({ kind: 'contains', text });
  }

  /**
   * A JSON answer that has at least these members, at any depth. Lists must be as long, and in the same order.
   *
   * @param value whatever JSON can hold
   */
  // biome-ignore lint/suspicious/noExplicitAny: jsii's word for what JSON can hold
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
 * A request that the endpoint must answer as expected after a refresh. It is sent to each variant, and waited for 10
 * seconds; three times without an answer count as a wrong one.
 */
export interface SmokeTest {
  /** Body of the request. All smoke tests of an endpoint together take at most 2,000 characters. */
  readonly payload: string;

  /** MIME type of the payload, for example `text/csv`. */
  readonly contentType: string;

  /**
   * MIME type of the answer that is asked for.
   *
   * @default - up to the container
   */
  readonly accept?: string;

  /**
   * What the answer must be like.
   *
   * @default - any answer of status 200
   */
  readonly expect?: Expect;
}
