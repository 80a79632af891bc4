import type { AwsError } from '../core/aws-error.ts';
import { escapeXml } from '../core/escape-xml.ts';

/** XML namespaces of the services with the query protocol. */
const NAMESPACES: Readonly<Record<string, string>> = {
  cloudformation: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
};

/** Whether the service speaks AWS's query protocol. */
export function isQueryService(service: string): boolean {
  return Object.hasOwn(NAMESPACES, service);
}

interface QueryCall {
  readonly service: string;
  readonly action: string;
  readonly requestId: string;
}

/** `<XResponse><XResult>…`, with lists as `<member>`, times in ISO 8601, and without undefined members. */
export function queryResponse({ service, action, requestId }: QueryCall, output: unknown): string {
  return (
    `<${action}Response xmlns="${NAMESPACES[service] ?? ''}">` +
    `<${action}Result>${members(output)}</${action}Result>` +
    `<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata></${action}Response>`
  );
}

export function queryError(service: string, error: AwsError, requestId: string): string {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  return (
    `<ErrorResponse xmlns="${NAMESPACES[service] ?? ''}">` +
    `<Error><Type>${type}</Type><Code>${escapeXml(error.code)}</Code>` +
    `<Message>${escapeXml(error.message)}</Message>${members(error.members)}</Error>` +
    `<RequestId>${escapeXml(requestId)}</RequestId></ErrorResponse>`
  );
}

function members(value: unknown): string {
  return Object.entries(value ?? {})
    .map(([name, member]) => element(name, member))
    .join('');
}

function element(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => element('member', item)).join('');
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return typeof value === 'object' ? members(value) : escapeXml(String(value));
}
