import type { NormalizedSchema } from '@smithy/core/schema';
import { REFUSED_MEMBERS } from './unsupported-members.ts';

type SchemaRef = Parameters<typeof NormalizedSchema.of>[0];

/** An operation as the AWS SDK's clients export it: `CreateQueue$` is [9, namespace, name, traits, input, output]. */
type StaticOperation = readonly [number, string, string, Traits, SchemaRef, SchemaRef];

type Traits = Readonly<Record<string, unknown>>;

/** What the models have no trait for. */
interface Api {
  /** The service's name in the cloud. */
  readonly service: string;
  readonly load: () => Promise<object>;
  /** Prefix of `X-Amz-Target` in the JSON protocol. */
  readonly target?: string;
  /** XML namespace of responses in the query protocol, which the API also or only has. */
  readonly queryNamespace?: string;
  /** Code of the error for an input that breaks the model. @default ValidationException */
  readonly invalidCode?: string;
}

/** Keeps the names. The compiler would take a minute to infer a type that has all clients' modules. */
const apisByName = <Name extends string>(apis: Readonly<Record<Name, Api>>) => apis;

/**
 * The APIs that the gateway answers, by the name that SigV4 signs; SageMaker's runtime has that of SageMaker. A client
 * loads when a request first needs its model.
 */
const APIS = apisByName({
  cloudformation: {
    service: 'cloudformation',
    load: () => import('@aws-sdk/client-cloudformation'),
    queryNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    invalidCode: 'ValidationError',
  },
  events: { service: 'events', load: () => import('@aws-sdk/client-eventbridge'), target: 'AWSEvents' },
  iam: {
    service: 'iam',
    load: () => import('@aws-sdk/client-iam'),
    queryNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    invalidCode: 'ValidationError',
  },
  kms: { service: 'kms', load: () => import('@aws-sdk/client-kms'), target: 'TrentService' },
  lambda: { service: 'lambda', load: () => import('@aws-sdk/client-lambda') },
  logs: {
    service: 'logs',
    load: () => import('@aws-sdk/client-cloudwatch-logs'),
    target: 'Logs_20140328',
    invalidCode: 'InvalidParameterException',
  },
  s3: { service: 's3', load: () => import('@aws-sdk/client-s3') },
  sagemaker: { service: 'sagemaker', load: () => import('@aws-sdk/client-sagemaker'), target: 'SageMaker' },
  'sagemaker-runtime': {
    service: 'sagemaker',
    load: () => import('@aws-sdk/client-sagemaker-runtime'),
    invalidCode: 'ValidationError',
  },
  sqs: {
    service: 'sqs',
    load: () => import('@aws-sdk/client-sqs'),
    target: 'AmazonSQS',
    queryNamespace: 'http://queue.amazonaws.com/doc/2012-11-05/',
    invalidCode: 'MissingRequiredParameterException',
  },
  ssm: { service: 'ssm', load: () => import('@aws-sdk/client-ssm'), target: 'AmazonSSM' },
  sts: {
    service: 'sts',
    load: () => import('@aws-sdk/client-sts'),
    queryNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    invalidCode: 'ValidationError',
  },
});

export type ApiName = keyof typeof APIS;

/** An operation of a model. */
export interface OperationModel {
  readonly name: string;
  readonly traits: Traits;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** The names of members that are refused. */
  readonly refused: ReadonlySet<string>;
}

/** A model of AWS, as far as the wire needs it. */
export interface ApiModel extends Api {
  readonly name: ApiName;
  readonly operations: ReadonlyMap<string, OperationModel>;
}

/** The API whose JSON protocol has this target prefix. */
export function apiOfTarget(prefix: string): ApiName | undefined {
  return names().find((name) => APIS[name].target === prefix);
}

/** The XML namespace of the API's query protocol; undefined for an API without one. */
export const queryNamespace = (name: ApiName): string | undefined => APIS[name].queryNamespace;

/** The API that SigV4 signs by this name. */
export function apiOfSigningName(name: string): ApiName | undefined {
  return names().find((api) => api === name);
}

const names = () => Object.keys(APIS) as ApiName[];

const loaded = new Map<ApiName, Promise<ApiModel>>();

/** Loads the model of an API, once. */
export function apiModel(name: ApiName): Promise<ApiModel> {
  const found = loaded.get(name) ?? read(name);
  loaded.set(name, found);
  return found;
}

async function read(name: ApiName): Promise<ApiModel> {
  const [client, { NormalizedSchema: Schema }] = await Promise.all([APIS[name].load(), import('@smithy/core/schema')]);
  const schemas = Object.values(client).filter(Array.isArray) as unknown as readonly StaticOperation[];
  return {
    ...APIS[name],
    name,
    operations: new Map(
      schemas
        .filter(([kind]) => kind === 9)
        .map(([, , operation, traits, input, output]): [string, OperationModel] => [
          operation,
          {
            name: operation,
            traits: traits || {},
            input: Schema.of(input),
            output: Schema.of(output),
            refused: refusedIn(APIS[name].service, operation),
          },
        ]),
    ),
  };
}

/** A name for one operation only is `Operation:Member`. */
function refusedIn(service: string, operation: string): ReadonlySet<string> {
  const names = REFUSED_MEMBERS[service] ?? [];
  return new Set(names.map((name) => (name.startsWith(`${operation}:`) ? name.slice(operation.length + 1) : name)));
}
