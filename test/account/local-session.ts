import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { startLocalCommand } from '@freshpoint/e2e/local-command';
import { LOCAL_PACE, openClients, type Session } from './session.ts';

/** A session on a runtime, with what `freshpoint local` prints for clients to export. */
export async function sessionOn(exported: Readonly<Record<string, string>>): Promise<Session> {
  const { AWS_REGION: region = '', AWS_ENDPOINT_URL: endpoint } = exported;
  const credentials = {
    accessKeyId: exported.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: exported.AWS_SECRET_ACCESS_KEY ?? '',
  };
  const clients = openClients({ region, endpoint, credentials });
  const { Account: accountId = '' } = await clients.sts.send(new GetCallerIdentityCommand({}));
  const { AWS_PROFILE: _, ...environment } = process.env;
  return {
    kind: 'local runtime',
    accountId,
    region,
    clients,
    environment: { ...environment, ...exported },
    pace: LOCAL_PACE,
    close: async () => undefined,
  };
}

/** Starts `freshpoint local` with nothing deployed. Ctrl-C does not end it: the run deletes everything there first. */
export async function openLocalRuntime(): Promise<Session> {
  const folder = await mkdtemp(join(tmpdir(), 'freshpoint-account-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const command = await startLocalCommand(folder, ['--empty'], { detached: true }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    ...(await sessionOn(command.environment)),
    async close() {
      await command.stop();
      await remove();
    },
  };
}
