import type { CustomResourceResponses } from '../ports.ts';

/** CloudFormation accepts responses of 4,096 bytes. */
const MAX_REASON_CHARACTERS = 1000;
const TIMEOUT_MS = 10_000;

/** Sends responses to the ResponseURL, with a PUT request. */
export function cloudFormationResponses(put: typeof fetch): CustomResourceResponses {
  return {
    async respond(request, { Status, Reason }) {
      const response = await put(request.responseUrl, {
        method: 'PUT',
        // The URL is signed for no content type.
        headers: { 'content-type': '' },
        body: JSON.stringify({
          Status,
          Reason: Reason?.slice(0, MAX_REASON_CHARACTERS),
          StackId: request.stackId,
          RequestId: request.requestId,
          LogicalResourceId: request.logicalResourceId,
          PhysicalResourceId: request.physicalResourceId,
        }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // 4xx: the request was answered already, or timed out. CloudFormation no longer waits for it.
      if (response.status >= 500) throw new Error(`The ResponseURL returned status ${response.status}.`);
    },
  };
}
