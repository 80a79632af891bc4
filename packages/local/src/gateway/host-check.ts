import type { IncomingHttpHeaders } from 'node:http';

/**
 * Why a request is refused, or undefined when it may pass. The port is open to every program of this machine, browsers too:
 * without this, a web page could reach it, by a name of its own that resolves to 127.0.0.1 or by a cross-site request.
 */
export function refusal(headers: IncomingHttpHeaders): string | undefined {
  const host = headers.host ?? '';
  if (!isLocal(host)) {
    return `The local runtime answers requests for 127.0.0.1, localhost and *.localhost only, got Host: ${JSON.stringify(host)}.`;
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
