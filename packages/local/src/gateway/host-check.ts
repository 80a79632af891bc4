import type { IncomingHttpHeaders } from 'node:http';

/**
 * Why a request is refused, or undefined if it may pass. Every program on this machine can reach the port, browsers
 * included. Without this check a web page could call it, by a host name that resolves to 127.0.0.1 or by a cross-site
 * request.
 */
export function refusalOf(headers: IncomingHttpHeaders): string | undefined {
  const host = headers.host ?? '';
  if (!isLocal(host)) {
    const got = JSON.stringify(host);
    return `The local runtime answers requests for 127.0.0.1, localhost and *.localhost only, got Host: ${got}.`;
  }
  const { origin } = headers;
  if (origin !== undefined && !isLocal(origin.replace(/^https?:\/\//, ''))) {
    return `The local runtime refuses requests from web pages of other hosts, got Origin: ${JSON.stringify(origin)}.`;
  }
  if (headers['sec-fetch-site'] === 'cross-site') return 'The local runtime refuses cross-site requests.';
  return undefined;
}

function isLocal(host: string): boolean {
  return /^(127\.0\.0\.1|([\w.-]+\.)?localhost)(:\d{1,5})?$/i.test(host);
}
