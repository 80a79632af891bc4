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
      if (api === 'sqs' && exchange.request.method === 'GET' && !exchange.query.has('Action')) {
        const headers = { 'content-type': 'text/xml' };
        return sendReply(exchange, { status: 404, headers, body: '<UnknownOperationException/>' });
      }
      const { action, content } = readForm(body.length > 0 ? body.toString() : exchange.query.toString());
      if (api === 'sqs') checkAction(exchange, model, action);
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
      const isSqs = api === 'sqs';
      const text =
        isSqs && code === 'QueueDoesNotExist' ? 'The specified queue does not exist for this wsdl version.' : message;
      const shown = {
        Code: isSqs ? queryErrorCode(code) : code,
        Message: text,
        ...members,
        ...(isSqs && { Detail: '' }),
      };
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

/** Throws InvalidAction for one that SQS has not, or not at the URL of a queue. */
function checkAction({ path }: HttpExchange, { operations }: ApiModel, action: string): void {
  const isOfAccount = action === 'CreateQueue' || action === 'ListQueues';
  if (operations.has(action) && (path === '/' || !isOfAccount)) return;
  throw new AwsError('InvalidAction', `The action ${action} is not valid for this endpoint.`);
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
