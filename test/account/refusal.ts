/** Why a run does not begin. The message says what to do. */
export class Refusal extends Error {}
