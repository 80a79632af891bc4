/**
 * What the adapters need of an AWS SDK client. The simulation gives them one that answers in virtual time,
 * so that the adapters' own code runs in it too.
 */
export interface Client {
  // biome-ignore lint/suspicious/noExplicitAny: commands and outputs are typed where they are made
  send(command: any, options?: { readonly abortSignal: AbortSignal }): Promise<any>;
}

/** True when a service said that it, not the request, was at fault, or said nothing at all: the effect is unknown. */
export function isAmbiguous(error: unknown): boolean {
  const { $metadata, $fault } = error as { $metadata?: { httpStatusCode?: number }; $fault?: string };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return true;
  return status >= 500 || $fault === 'server';
}

/** True for the error that a service names so. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
