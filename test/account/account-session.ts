import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Refusal } from './refusal.ts';
import { ACCOUNT_PACE, openClients, type Session } from './session.ts';
import { sklearnImage } from './sklearn-image.ts';

/** The account of a local runtime. */
const LOCAL_ACCOUNT = '000000000000';
/** What access keys of AWS look like: IAM user guide "Unique identifiers". */
const ACCESS_KEY = /^A[KS]IA[A-Z0-9]{12,}$/;
/** Where `cdk bootstrap` writes its version. */
const BOOTSTRAP_PARAMETER = '/cdk-bootstrap/hnb659fds/version';

/** What is known of a run's credentials so far. */
export interface FoundCredentials {
  readonly accessKeyId?: string;
  readonly accountId?: string;
}

/** Names of variables that lead the SDK to another address than AWS's. */
function endpointOverrides(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment).filter((name) => /^AWS_ENDPOINT_URL(_|$)/.test(name) && environment[name] !== '');
}

/** Throws a Refusal for what is not an account of AWS. */
export function refuseImitations(environment: NodeJS.ProcessEnv, { accessKeyId, accountId }: FoundCredentials): void {
  const overrides = endpointOverrides(environment);
  if (overrides.length > 0) {
    throw new Refusal(
      `${overrides.join(', ')} leads to another address than AWS's. Unset it, or run without --account, which starts a ` +
        'local runtime itself.',
    );
  }
  if ((accessKeyId !== undefined && !ACCESS_KEY.test(accessKeyId)) || accountId === LOCAL_ACCOUNT) {
    throw new Refusal(
      `The credentials are those of a local runtime: ${accountId === LOCAL_ACCOUNT ? `account ${accountId}` : 'their access key is none of AWS'}. ` +
        'Set credentials of an AWS account, or run without --account.',
    );
  }
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Opens the account of the SDK's default credentials and region. Throws a Refusal if a run cannot begin there. */
export async function openAccount(environment: NodeJS.ProcessEnv): Promise<Session> {
  refuseImitations(environment, {});
  const clients = openClients({ region: await resolvedRegion() });
  const { region } = clients.config;
  if (sklearnImage(region) === undefined) {
    throw new Refusal(`No scikit-learn container of AWS is known in ${region}. Set AWS_REGION to another region.`);
  }
  const credentials = await clients.sts.config.credentials().catch((error: unknown) => {
    throw new Refusal(`No AWS credentials were found: ${reasonOf(error)} Run \`aws sso login\`, or set AWS_PROFILE.`);
  });
  refuseImitations(environment, credentials);
  const { Account = '' } = await clients.sts.send(new GetCallerIdentityCommand({})).catch((error: unknown) => {
    throw new Refusal(`AWS does not accept the credentials: ${reasonOf(error)}`);
  });
  refuseImitations(environment, { accountId: Account });
  await clients.ssm.send(new GetParameterCommand({ Name: BOOTSTRAP_PARAMETER })).catch((error: unknown) => {
    throw new Refusal(
      `The account is not bootstrapped for the CDK in ${region}: ${reasonOf(error)} Run \`npx cdk bootstrap\` once.`,
    );
  });
  return {
    kind: 'account',
    accountId: Account,
    region,
    clients,
    environment: { ...environment, AWS_REGION: region },
    pace: ACCOUNT_PACE,
    close: async () => undefined,
  };
}

async function resolvedRegion(): Promise<string> {
  return await new STSClient({}).config.region().catch(() => {
    throw new Refusal('No region is set. Set AWS_REGION, or a region in your AWS profile.');
  });
}
