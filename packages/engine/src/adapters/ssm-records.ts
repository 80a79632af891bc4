import { GetParametersCommand, type GetParametersResult, PutParameterCommand } from '@aws-sdk/client-ssm';
import {
  type EndpointSpec,
  historyParameterName,
  INITIAL_STATE,
  specParameterName,
  stateParameterName,
} from '@freshpoint/cdk/contract';
import { EngineError, StateConflict } from '../errors.ts';
import { type EndpointState, parseState } from '../policy/state.ts';
import type { EndpointRecords } from '../ports.ts';
import { type Client, send } from './client.ts';

/** How often a covered state is restored. Each further attempt needs yet another write within milliseconds. */
const MAX_RESTORE_ATTEMPTS = 5;

/**
 * Spec and state in SSM parameters. SSM has no conditional write; the version that PutParameter returns shows
 * afterwards whether another write came in between.
 */
export function ssmRecords(client: Client): EndpointRecords {
  return {
    async read(endpoint) {
      const names = {
        spec: specParameterName(endpoint),
        state: stateParameterName(endpoint),
        history: historyParameterName(endpoint),
      };
      const { Parameters = [] } = await getParameters(client, Object.values(names));
      const history = Parameters.find((parameter) => parameter.Name === names.history);
      const spec = Parameters.find((parameter) => parameter.Name === names.spec);
      const state = Parameters.find((parameter) => parameter.Name === names.state);
      return {
        spec: spec?.Value === undefined ? undefined : parse('SPEC_UNREADABLE', names.spec, spec.Value, parseSpec),
        state: parse('STATE_UNREADABLE', names.state, state?.Value ?? INITIAL_STATE, parseState),
        stateVersion: state?.Version ?? 0,
        lastRecord: recordIdIn(history?.Value),
      };
    },
    async appendHistory(endpoint, record) {
      await putParameter(client, historyParameterName(endpoint), JSON.stringify(record));
    },
    async write(endpoint, state, after) {
      const name = stateParameterName(endpoint);
      const written = await putParameter(client, name, JSON.stringify(state));
      if (written === after + 1) return written;
      // This write covered another one, which is restored on top; the caller reads everything again. Restoring may
      // cover yet another write, which then is the newest.
      const past = async (version: number): Promise<string | undefined> =>
        (await getParameters(client, [`${name}:${version}`])).Parameters?.[0]?.Value;
      const base = await past(after);
      let before = written;
      for (let tries = 0; tries < MAX_RESTORE_ATTEMPTS; tries++) {
        const theirs = await past(before - 1);
        if (theirs === undefined) break;
        const version = await putParameter(client, name, merged(state, theirs, base));
        if (version === before + 1) break;
        before = version;
      }
      throw new StateConflict(name);
    },
  };
}

function getParameters(client: Client, names: readonly string[]): Promise<GetParametersResult> {
  return send(client, new GetParametersCommand({ Names: [...names] }));
}

/** Returns the version that was written. */
async function putParameter(client: Client, name: string, value: string): Promise<number> {
  const command = new PutParameterCommand({
    Name: name,
    Value: value,
    Type: 'String',
    Overwrite: true,
    // As in the template: values of more than 4 KB are still written.
    Tier: 'Intelligent-Tiering',
  });
  const { Version } = await send(client, command);
  if (Version === undefined) throw new Error(`PutParameter returned no version for ${name}.`);
  return Version;
}

/** An unreadable history does not stop reconciliation: nothing is decided by it. */
function recordIdIn(history: string | undefined): string | undefined {
  try {
    return (JSON.parse(history ?? '{}') as { id?: string }).id;
  } catch {
    return undefined;
  }
}

/**
 * Merges two states that were both written over `base`. People write only the suspension and the pin, the controller
 * everything else, so a changed suspension or pin shows which of the two writers was a person, and both changes stay.
 * Of two writes by the controller, the covered one wins.
 */
function merged(mine: EndpointState, theirs: string, base: string | undefined): string {
  if (base === undefined) return theirs;
  const other = parseState(theirs);
  const before = parseState(base);
  if (suspensionOf(mine) !== suspensionOf(before)) return JSON.stringify({ ...other, suspension: mine.suspension });
  if (suspensionOf(other) !== suspensionOf(before)) return JSON.stringify({ ...mine, suspension: other.suspension });
  if (isPinned(mine, before)) return JSON.stringify({ ...other, pin: mine.pin });
  if (isPinned(other, before)) return JSON.stringify({ ...mine, pin: other.pin });
  return theirs;
}

function suspensionOf({ suspension }: EndpointState): string | undefined {
  return JSON.stringify(suspension);
}

/** Whether a person set the pin; the controller only annotates and removes it. */
function isPinned({ pin }: EndpointState, before: EndpointState): boolean {
  return pin !== undefined && pin.at !== before.pin?.at;
}

function parse<T>(code: EngineError['code'], name: string, value: string, parser: (value: string) => T): T {
  try {
    return parser(value);
  } catch (error) {
    throw new EngineError(code, `SSM parameter ${name}: ${(error as Error).message}`, error);
  }
}

function parseSpec(value: string): EndpointSpec {
  const spec = JSON.parse(value) as EndpointSpec;
  if (spec?.version !== 1) {
    throw new TypeError(
      `expected a JSON object with "version": 1, got: ${value.slice(0, 80)}. Deploy the stack again.`,
    );
  }
  return spec;
}
