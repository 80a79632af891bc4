const MIB = 1024 ** 2;
/** Of smaller models nothing can be told from their size. */
const MIN_COMPARED_BYTES = MIB;
const SHARE = 10;

/** A warning when new data, in bytes, is less than a tenth of what is served now. */
export function sizeWarning(size: number, served: number | undefined): string | undefined {
  if (served === undefined || served < MIN_COMPARED_BYTES || size * SHARE >= served) return undefined;
  return `far smaller than what is served: ${readable(size)} against ${readable(served)}. Look whether the upload is complete`;
}

function readable(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < MIB ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}
