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
import type { Client } from './client.ts';

/** Many enough for the few who write: each further one needs another write within milliseconds. */
const PUT_BACK_TRIES = 5;

/** Spec and state in SSM parameters. SSM has no conditional write: the version that PutParameter returns tells afterwards. */
export function ssmRecords(client: Client): EndpointRecords {
  const get = async (names: readonly string[]): Promise<GetParametersResult> =>
    client.send(new GetParametersCommand({ Names: [...names] }));
  const put = async (name: string, value: string): Promise<number> =>
    (
      await client.send(
        new PutParameterCommand({
          Name: name,
          Value: value,
          Type: 'String',
          Overwrite: true,
          // As the template made it: what doesn't fit 4 KB is still written.
          Tier: 'Intelligent-Tiering',
        }),
      )
    ).Version;

  return {
    async read(endpoint) {
      const names = {
        spec: specParameterName(endpoint),
        state: stateParameterName(endpoint),
        history: historyParameterName(endpoint),
      };
      const { Parameters = [] } = await get(Object.values(names));
      const history = Parameters.find((parameter) => parameter.Name === names.history);
      const spec = Parameters.find((parameter) => parameter.Name === names.spec);
      const state = Parameters.find((parameter) => parameter.Name === names.state);
      return {
        spec: spec?.Value === undefined ? undefined : parse('SPEC_UNREADABLE', names.spec, spec.Value, parseSpec),
        state: parse('STATE_UNREADABLE', names.state, state?.Value ?? INITIAL_STATE, parseState),
        stateVersion: state?.Version ?? 0,
        lastRecord: idIn(history?.Value),
      };
    },
    async appendHistory(endpoint, record) {
      await put(historyParameterName(endpoint), JSON.stringify(record));
    },
    async write(endpoint, state: EndpointState, after) {
      const name = stateParameterName(endpoint);
      const written = await put(name, JSON.stringify(state));
      if (written === after + 1) return written;
      // Somebody wrote what this write has just covered: that goes back on top, then everything is looked at again.
      // It may cover yet another one, which then is the newest.
      const past = async (version: number): Promise<string | undefined> =>
        (await get([`${name}:${version}`])).Parameters?.[0]?.Value;
      const base = await past(after);
      let before = written;
      for (let tries = 0; tries < PUT_BACK_TRIES; tries++) {
        const theirs = await past(before - 1);
        if (theirs === undefined) break;
        const version = await put(name, reconciled(state, theirs, base));
        if (version === before + 1) break;
        before = version;
      }
      throw new StateConflict(name);
    },
  };
}

/** A history that can't be read is gone on with: nothing is decided by it. */
function idIn(history: string | undefined): string | undefined {
  try {
    return (JSON.parse(history ?? '{}') as { id?: string }).id;
  } catch {
    return undefined;
  }
}

/**
 * A person sets and releases the hold and says what is wanted, the loop writes everything else: who of the two wrote can be told from whether the
 * hold is another one, and both changes stay, whatever state the other's was made of. Between two loops what was covered
 * counts.
 */
function reconciled(mine: EndpointState, theirs: string, base: string | undefined): string {
  if (base === undefined) return theirs;
  const their = parseState(theirs);
  const before = parseState(base);
  if (suspensionOf(mine) !== suspensionOf(before)) return JSON.stringify({ ...their, suspension: mine.suspension });
  if (suspensionOf(their) !== suspensionOf(before)) return JSON.stringify({ ...mine, suspension: their.suspension });
  if (isPinned(mine, before)) return JSON.stringify({ ...their, pin: mine.pin });
  if (isPinned(their, before)) return JSON.stringify({ ...mine, pin: their.pin });
  return theirs;
}

function suspensionOf({ suspension }: EndpointState): string | undefined {
  return JSON.stringify(suspension);
}

/** Whether a person said what is wanted: the loop takes note of it, and forgets it. */
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
