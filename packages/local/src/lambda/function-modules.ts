/*
 * What Lambda's functions find beside their own code, and this machine does not have as it is.
 */
import http, { type RequestOptions } from 'node:http';
import https from 'node:https';
import { createRequire, registerHooks, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * CDK's functions of custom resources, and AWS's `cfn-response`, respond to the host of ResponseURL by HTTPS on port
 * 443, whatever the address says: such a request goes to the address, which is at `gateway`.
 */
export function sendResponsesByHttp(gateway = 'http://127.0.0.1'): void {
  const { hostname, port } = new URL(gateway);
  const { request } = https;
  const patched = (to: RequestOptions, ...rest: never[]) =>
    to.hostname === hostname && to.path?.startsWith('/_freshpoint/')
      ? http.request({ ...to, port, agent: undefined }, ...rest)
      : request(to, ...rest);
  https.request = patched as typeof request;
  syncBuiltinESMExports();
}

/** The URL of a module that stands in for a missing one. */
const MISSING = 'freshpoint-missing:';

/**
 * Lambda has every client of the AWS SDK. A function gets those that the local runtime has, wherever its code is. A
 * client that is missing fails when it is used: CDK's functions load some that they rarely need.
 */
export function provideAwsSdk(): void {
  const own = createRequire(import.meta.url);
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!specifier.startsWith('@aws-sdk/') || context.parentURL === import.meta.url) throw error;
        try {
          return { url: pathToFileURL(own.resolve(specifier)).href, shortCircuit: true };
        } catch {
          if (context.conditions.includes('import')) throw error;
          return { url: MISSING + specifier, format: 'commonjs', shortCircuit: true };
        }
      }
    },
    load(url, context, next) {
      if (!url.startsWith(MISSING)) return next(url, context);
      const name = url.slice(MISSING.length);
      const message = `Cannot find module '${name}'. Lambda has it, this machine does not: npm install ${name}`;
      const source = `module.exports = new Proxy({}, {
        get: () => class { constructor() { throw new Error(${JSON.stringify(message)}); } },
      });`;
      return { format: 'commonjs', source, shortCircuit: true };
    },
  });
}
