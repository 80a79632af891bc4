import type { CustomResourceResponses } from '../ports.ts';

/** CloudFormation takes 4,096 bytes in all. */
const REASON_LENGTH = 1000;
const TIMEOUT_MS = 10_000;

/** Puts answers to the ResponseURL. */
export function cloudFormationResponses(put: typeof fetch): CustomResourceResponses {
  return {
    async respond(request, { Status, Reason }) {
      const response = await put(request.responseUrl, {
        method: 'PUT',
        // The URL is signed for no content type.
        headers: { 'content-type': '' },
        body: JSON.stringify({
          Status,
          Reason: Reason?.slice(0, REASON_LENGTH),
          StackId: request.stackId,
          RequestId: request.requestId,
          LogicalResourceId: request.logicalResourceId,
          PhysicalResourceId: request.physicalResourceId,
        }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // 4xx: answered already, or too late. Nobody listens any more.
      if (response.status >= 500) throw new Error(`the ResponseURL answered ${response.status}`);
    },
  };
}
