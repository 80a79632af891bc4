import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Modules of the SDK that the function never reaches: what browsers need, hashes for where Node's are missing, regions
 * of EC2 instances, the adaptive retry mode, and event streams, which none of its operations has.
 */
const UNREACHED =
  /\.browser\.js$|[/\\](Sha256|Sha1|Md5)Js\.js$|getInstanceMetadataRegion\.js$|(AdaptiveRetryStrategy|DefaultRateLimiter)\.js$/;

/** The function's code without what the AWS SDK has in it for others. What is removed throws when it is called. */
export const slimSdk: Plugin = {
  name: 'slim-sdk',
  setup({ onResolve, onLoad }) {
    const namespace = 'slim-sdk';
    // A function's credentials are in its environment: the providers for files, SSO, processes and instances stay out.
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ path, importer }) => ({
      path: createRequire(importer).resolve(path),
      namespace,
    }));
    onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path }) => ({ path, namespace, sideEffects: false }));
    onLoad({ filter: /credential-provider-node/, namespace }, ({ path }) => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
      resolveDir: dirname(path),
    }));
    onLoad({ filter: /event-streams$/, namespace }, () => ({
      contents: `export const resolveEventStreamSerdeConfig = (config) => config;
        export const eventStreamSerdeProvider = () => undefined;
        ${throwing('EventStreamSerde')}`,
    }));
    onLoad({ filter: UNREACHED }, ({ path }) => {
      const names = [...readFileSync(path, 'utf8').matchAll(/^export (?:async )?(?:class|const|function) (\w+)/gm)];
      return { contents: names.map(([, name = '']) => throwing(name)).join('\n') };
    });
    onLoad({ filter: /@aws-sdk[/\\]client-[\w-]+[/\\]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
    onLoad({ filter: /dist-es[/\\]schemas[/\\]schemas_\d+\.js$/ }, ({ path }) => ({
      contents: usedSchemas(readFileSync(path, 'utf8')),
    }));
  },
};

function throwing(name: string): string {
  return `export function ${name}() { throw new Error('${name} is not in this bundle'); }`;
}

/**
 * A client's schemas in a form that esbuild can remove unused ones from: with literal keys, as it can't know that a
 * computed one has no effect, and without the registration of error classes. An error that is not registered becomes
 * the client's base exception, with the same name (of SQS: its code in the query protocol), message and members.
 */
function usedSchemas(text: string): string {
  const literals = Object.fromEntries(
    [...text.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, name, value]) => [name, value]),
  );
  return text
    .replace(/\[(_\w+)\]: /g, (key, name) => (Object.hasOwn(literals, name) ? `${literals[name]}: ` : key))
    .replace(/^n0_registry\.registerError\(.*\);$/gm, '');
}
