/** One bug put into the engine. */
export interface Mutation {
  readonly name: string;
  /** Below packages/engine/src. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Bugs that the simulation must find. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the intent is not written before the call',
    file: 'loop/look.ts',
    find: 'const at = await ports.records.write(endpoint, intended, stateVersion);',
    replace: 'const at = stateVersion;',
  },
  {
    name: 'nobody is told',
    file: 'loop/tell.ts',
    find: 'if (tellings.length === 0) return lastRecord;',
    replace: 'if (tellings.length >= 0) return lastRecord;',
  },
  {
    name: 'the promise is kept once UpdateEndpoint is accepted',
    file: 'loop/look.ts',
    find: "return { kind: 'requeue', seconds: pollSeconds(spec) };",
    replace: "return { kind: 'done' };",
  },
  {
    name: 'every promise is acknowledged',
    file: 'loop/batch.ts',
    find: "if (outcome.kind === 'done') return [];",
    replace: "if (outcome.kind !== 'failed') return [];",
  },
  {
    name: 'an error of a service fails the promise',
    file: 'loop/batch.ts',
    find: 'if (error instanceof EngineError) return {',
    replace: "if (error instanceof EngineError || (error as Error).name === 'ThrottlingException') return {",
  },
  {
    name: 'the version of the state is not checked',
    file: 'adapters/ssm.ts',
    find: 'if (written === after + 1) return written;',
    replace: 'if (written > 0) return written;',
  },
  {
    name: 'a covered state is not put back',
    file: 'adapters/ssm.ts',
    find: 'if (theirs === undefined) break;',
    replace: 'if (theirs === undefined || before > 0) break;',
  },
  {
    name: 'uploads do not settle',
    file: 'policy/refresh.ts',
    find: 'if (left > 0 && bound > 0) {',
    replace: 'if (left > 1e9 && bound > 0) {',
  },
  {
    name: 'maxWaitTime bounds what is no stream',
    file: 'policy/refresh.ts',
    find: 'const isStream = before !== undefined && changed - before.seen < waitTime * 1000;',
    replace: 'const isStream = before !== undefined && changed > 0;',
  },
  {
    name: 'swaps while the stack is being deployed',
    file: 'adapters/cloudformation.ts',
    find: "const deploying = status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';",
    replace: 'const deploying = false;',
  },
  {
    name: 'the hold is ignored',
    file: 'policy/refresh.ts',
    find: 'if (state.hold)',
    replace: 'if (state.hold && o.now < 0)',
  },
  {
    name: 'the quarantine is ignored',
    file: 'policy/refresh.ts',
    find: '  if (refused) {',
    replace: '  if (refused && o.now < 0) {',
  },
  {
    name: 'always swaps to slot B',
    file: 'policy/target.ts',
    find: "return slot === 'a' ? 'b' : 'a';",
    replace: "return (slot === 'a' ? 'b' : 'b') as Slot;",
  },
  {
    name: 'an unknown config is taken for slot A',
    file: 'policy/decide.ts',
    find: "if (configName === spec.configs.b) return 'b';\n  return undefined;",
    replace: "if (configName === spec.configs.b) return 'b';\n  return 'a';",
  },
  {
    name: 'RollingBack is not busy',
    file: 'policy/decide.ts',
    find: "  'RollingBack',\n",
    replace: '',
  },
  {
    name: 'bytes written again are trusted whatever happened to the endpoint',
    file: 'policy/refresh.ts',
    find: 'return served.revision === target.revision && !(isWritten && isTouched);',
    replace: 'return served.revision === target.revision && (isWritten || !isWritten || isTouched);',
  },
  {
    name: 'what a deployment loaded is forgotten',
    file: 'policy/decide.ts',
    find: 'if (!prepared) return refresh(o, endpoint, known, active);',
    replace: 'return refresh(o, endpoint, { ...known, prepared: undefined }, active);',
  },
  {
    name: 'InService is success, whatever the config',
    file: 'policy/conclude.ts',
    find: '  if (endpoint.configName === intent.configName) {',
    replace: '  if (endpoint.configName) {',
  },
  {
    name: 'a success is the revision’s whatever was written meanwhile',
    file: 'policy/conclude.ts',
    find: 'revision: isSure && !intent.ambiguous ? intent.revision : undefined,',
    replace: 'revision: intent.revision,',
  },
  {
    name: 'a refusal is the revision’s whatever was written meanwhile',
    file: 'policy/conclude.ts',
    find: 'if (modelsFault && !isSure) {',
    replace: 'if (modelsFault && count < 0) {',
  },
  {
    name: 'an internal failure is the model’s fault',
    file: 'policy/conclude.ts',
    find: 'const modelsFault = reason !== undefined && !INTERNAL.test(reason);',
    replace: 'const modelsFault = reason !== undefined;',
  },
  {
    name: 'one try instead of three',
    file: 'policy/conclude.ts',
    find: 'export const TRIES = 3;',
    replace: 'export const TRIES = 1;',
  },
  {
    name: 'a deployment does not wait for a refresh',
    file: 'policy/prepare.ts',
    find: "if (BUSY.has(endpoint.status) && endpoint.status !== 'OutOfService') {",
    replace: "if (BUSY.has(endpoint.status) && endpoint.status === 'OutOfService') {",
  },
  {
    name: 'a refresh resets the instance counts',
    file: 'adapters/sagemaker.ts',
    find: 'RetainAllVariantProperties: retain,',
    replace: '',
  },
  {
    name: 'a refresh drops the deployment config',
    file: 'adapters/sagemaker.ts',
    find: 'RetainDeploymentConfig: spec.retainDeploymentConfig,',
    replace: '',
  },
  {
    name: 'a missing source is left out of the revision',
    file: 'revision.ts',
    find: 'if (missing.length > 0) return {',
    replace: 'if (missing.length > 99) return {',
  },
  {
    name: 'the revision is that of the names',
    file: 'revision.ts',
    find: "JSON.stringify([uri, object.etag.replaceAll('\"', ''), object.size])",
    replace: 'JSON.stringify([uri])',
  },
  {
    name: 'the newest source is the last one listed',
    file: 'revision.ts',
    find: 'newest = Math.max(newest, object.lastModified);',
    replace: 'newest = object.lastModified;',
  },
  {
    name: 'the slot that is live is filled',
    file: 'policy/refresh.ts',
    find: 'const begun = {\n      slot,',
    replace: 'const begun = {\n      slot: active,',
  },
  {
    name: 'a slot is swapped to whatever it holds',
    file: 'policy/refresh.ts',
    find: 'const isFilled = spec.data !== undefined && o.slots?.[slot] === target.revision;',
    replace: 'const isFilled = spec.data !== undefined;',
  },
  {
    name: 'half a place is taken for a whole one',
    file: 'adapters/s3-places.ts',
    find: 'placed.every((each) => each?.metadata[REVISION] === revision)',
    replace: 'placed.some((each) => each?.metadata[REVISION] === revision)',
  },
  {
    name: 'a deployment fills slot A from the sources',
    file: 'loop/deployment-data.ts',
    find: "if (active === 'b' && slots.b !== undefined) {",
    replace: "if (active === 'b' && slots.b === 'never') {",
  },
  {
    name: 'a deployment leaves slot A as it is',
    file: 'loop/deployment-data.ts',
    find: "const leave = active === 'a' ||",
    replace: 'const leave = active !== undefined ||',
  },
  {
    name: 'smoke tests are not sent',
    file: 'policy/conclude.ts',
    find: '!spec.smokeTests?.length) return false;',
    replace: '!spec.smokeTests?.length || spec.version === 1) return false;',
  },
  {
    name: 'what failed its smoke tests goes on serving',
    file: 'policy/target.ts',
    find: 'if (o.spec.data && isCondemned(state, endpoint)) {',
    replace: 'if (o.spec.data && o.now < 0) {',
  },
  {
    name: 'a person’s word is ignored',
    file: 'policy/target.ts',
    find: '  if (wanted) {',
    replace: '  if (wanted && o.now < 0) {',
  },
  {
    name: 'a person’s word outlives newer uploads',
    file: 'policy/target.ts',
    find: 'return wanted.instead === sources.revision ? wanted : undefined;',
    replace: 'return wanted;',
  },
];
