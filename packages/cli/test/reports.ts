import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../src/command-failure.ts';
import type { EndpointAccount } from '../src/endpoints/account.ts';
import type { EndpointObserver } from '../src/endpoints/observer.ts';
import { ID, R1, R2 } from './records.ts';

/** Noon: "now" of every report. */
export const NOON = Date.UTC(2026, 10, 1, 12);
const MINUTE_MS = 60_000;

/** An account with one endpoint, which serves R1 from slot A since 11:00; R2 was uploaded at 11:58. */
export class ReportedEndpoint {
  spec: EndpointSpec = {
    version: 1,
    endpointName: 'iris',
    stackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/Iris/1',
    store: { bucket: 'data', prefix: `${ID}/` },
    configs: { a: 'config-a', b: 'config-b' },
    sources: [{ bucket: 'models', key: 'model.tar.gz' }],
    data: { bucket: 'data', root: `${ID}/slots/`, files: [{ bucket: 'models', key: 'model.tar.gz' }] },
    queueUrl: 'https://queue',
    waitTime: 600,
    retainAllVariantProperties: true,
    retainDeploymentConfig: true,
  };
  state: EndpointState = {
    version: 1,
    serving: {
      configName: 'config-a',
      revision: R1,
      newestSource: NOON - 90 * MINUTE_MS,
      since: NOON - 60 * MINUTE_MS,
    },
  };
  status: 'InService' | 'Failed' | 'Updating' = 'InService';
  configName = 'config-a';
  newest: string | undefined = R2;
  stack: 'idle' | 'deploying' = 'idle';
  denied: string | undefined;

  readonly account = {
    list: async () => [ID],
    read: async () => ({ spec: this.spec, state: this.state, etag: '1' }),
  } as unknown as EndpointAccount;

  readonly observer: EndpointObserver = {
    endpoint: async () => ({
      status: this.status,
      configName: this.configName,
      created: 1,
      lastModified: NOON - 60 * MINUTE_MS,
    }),
    part: async (_, part) => {
      if (part === this.denied) throw new CommandFailure(`${part} was denied.`);
      const uri = 's3://models/model.tar.gz';
      switch (part) {
        case 'sources':
          if (this.newest === undefined) return { sources: { kind: 'missing', uris: [uri] } };
          return {
            sources: {
              ...{
                kind: 'complete',
                revision: this.newest,
                newest: NOON - 2 * MINUTE_MS,
                objects: 1,
                size: 1,
                files: [],
              },
            },
          };
        case 'stack':
          return {
            stack: { kind: this.stack, status: this.stack === 'idle' ? 'UPDATE_COMPLETE' : 'UPDATE_IN_PROGRESS' },
          };
        case 'slots':
          return { slots: { a: R1 } };
        case 'check':
          return { check: { kind: 'passed', warnings: [] } };
      }
    },
  };

  readonly context = { account: this.account, observer: this.observer, now: () => NOON };
}
