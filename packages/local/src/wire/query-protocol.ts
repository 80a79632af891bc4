import { AwsError } from '#simulator/core/aws-error';
import { escapeXml } from '#simulator/core/escape-xml';
import { queryErrorCode } from '#simulator/sqs/errors';
import { readBody } from '../gateway/read-body.ts';
import { type ApiModel, type ApiName, apiModel, queryNamespace } from './api-models.ts';
import { type ElementContent, MalformedElement, readElements, writeElements } from './elements.ts';
import {
  callOperation,
  type HttpExchange,
  MAX_REQUEST_BYTES,
  operationOf,
  type Protocol,
  sendReply,
} from './exchange.ts';
import { readForm } from './query-form.ts';

/** AWS's query protocol: forms in, XML out. The parameter `Action` has the operation. */
export function queryProtocol(api: ApiName): Protocol {
  const xmlns = queryNamespace(api);
  return {
    async serve(exchange) {
      const model = await apiModel(api);
      const body = await readBody(exchange.request, MAX_REQUEST_BYTES);
      const { action, content } = readForm(body.length > 0 ? body.toString() : exchange.query.toString());
      const operation = operationOf(exchange, model, action);
      const input = readInput(operation.input, content);
      const output = await callOperation(exchange, model, operation, withQueueUrl(exchange, model, input));
      sendReply(exchange, {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body:
          `<${action}Response xmlns="${xmlns}">` +
          `<${action}Result>${writeElements(operation.output, output, escapeXml)}</${action}Result>` +
          `<ResponseMetadata><RequestId>${exchange.requestId}</RequestId></ResponseMetadata></${action}Response>`,
      });
    },
    errorReply({ code, message, status, members }, { requestId }) {
      const shown = { Code: api === 'sqs' ? queryErrorCode(code) : code, Message: message, ...members };
      const elements = Object.entries(shown).map(([name, text]) => `<${name}>${escapeXml(String(text))}</${name}>`);
      return {
        status,
        headers: { 'content-type': 'text/xml' },
        body:
          `<ErrorResponse xmlns="${xmlns}"><Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type>` +
          `${elements.join('')}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
      };
    },
  };
}

function readInput(schema: Parameters<typeof readElements>[0], content: ElementContent): Record<string, unknown> {
  try {
    return readElements(schema, content);
  } catch (error) {
    if (error instanceof MalformedElement) throw new AwsError('MalformedInput', error.message);
    throw error;
  }
}

/** In SQS's query protocol, a request is sent to the queue's URL. */
function withQueueUrl({ path, request }: HttpExchange, { name }: ApiModel, input: Record<string, unknown>) {
  return name !== 'sqs' || path === '/' ? input : { QueueUrl: `http://${request.headers.host}${path}`, ...input };
}
