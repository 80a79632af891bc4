/** A command that replaces a container image. */
export interface ContainerCommand {
  /** Matches the image's whole name: a glob, where `*` is any text, or a regular expression. */
  readonly image: string | RegExp;
  /**
   * The executable and its first arguments. `{modelDir}` and `{port}` are replaced, here and in `args`; the environment
   * has PORT, SAGEMAKER_BIND_TO_PORT and SM_MODEL_DIR, too. The command must serve GET /ping and POST /invocations on
   * 127.0.0.1.
   */
  readonly command: readonly string[];
  /** @default none */
  readonly args?: readonly string[];
  /** Added to the container's environment. @default none */
  readonly env?: Readonly<Record<string, string>>;
}

/** The first mapping that matches the image. */
export function commandFor(
  image: string | undefined,
  containers: readonly ContainerCommand[],
): ContainerCommand | undefined {
  if (image === undefined) return undefined;
  return containers.find((mapping) => toPattern(mapping.image).test(image));
}

function toPattern(image: string | RegExp): RegExp {
  const source =
    typeof image === 'string'
      ? image
          .split('*')
          .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')
      : image.source;
  return new RegExp(`^(?:${source})$`, typeof image === 'string' ? 's' : image.flags.replace(/[gy]/g, ''));
}

/** Replaces the placeholders of `text`. */
export function fillPlaceholders(text: string, values: { readonly modelDir: string; readonly port: number }): string {
  return text.replaceAll('{modelDir}', values.modelDir).replaceAll('{port}', String(values.port));
}
