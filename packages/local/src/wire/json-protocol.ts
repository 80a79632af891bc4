import { AwsError } from '#simulator/core/aws-error';
import { queryErrorCode } from '#simulator/sqs/errors';
import { readBody } from '../gateway/read-body.ts';
import { apiModel, apiOfTarget } from './api-models.ts';
import {
  callOperation,
  type HttpExchange,
  MAX_REQUEST_BYTES,
  operationOf,
  type Protocol,
  sendReply,
} from './exchange.ts';
import { readJsonDocument, toJson } from './json.ts';

/** AWS's JSON protocols. The operation is in the header `X-Amz-Target: <target>.<Operation>`. */
export function jsonProtocol(target: string): Protocol {
  const [prefix = '', name = ''] = target.split('.', 2);
  const api = apiOfTarget(prefix);
  return {
    async serve(exchange) {
      if (!api) throw new AwsError('UnknownOperationException', `The local runtime does not simulate ${target}.`, 501);
      const model = await apiModel(api);
      const operation = operationOf(exchange, model, name);
      const input = readJsonDocument(operation.input, await readBody(exchange.request, MAX_REQUEST_BYTES));
      const output = await callOperation(exchange, model, operation, input);
      const body = JSON.stringify(toJson(operation.output, output) ?? {});
      sendReply(exchange, { status: 200, headers: { 'content-type': contentTypeOf(exchange) }, body });
    },
    errorReply({ code, message, status, members }, exchange) {
      const isSqs = api === 'sqs';
      // SQS repeats the code of its older protocol.
      const queryError: Record<string, string> = {
        'x-amzn-query-error': `${queryErrorCode(code)};${status < 500 ? 'Sender' : 'Receiver'}`,
      };
      return {
        status,
        headers: { 'content-type': contentTypeOf(exchange), ...(isSqs && queryError) },
        body: JSON.stringify({
          ...members,
          __type: isSqs ? `com.amazonaws.sqs#${code}` : code,
          message: message || undefined,
        }),
      };
    },
  };
}

const contentTypeOf = ({ request }: HttpExchange): string =>
  request.headers['content-type']?.split(';')[0] ?? 'application/x-amz-json-1.1';
