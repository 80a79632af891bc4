const KIB = 1024;
const MIB = 1024 ** 2;
/** The size of smaller models says nothing about them. */
const MIN_COMPARED_BYTES = MIB;
const SUSPICIOUS_RATIO = 10;

/** A warning when new data is less than a tenth of what is being served; sizes in bytes. */
export function sizeWarning(newBytes: number, servedBytes: number | undefined): string | undefined {
  if (servedBytes === undefined || servedBytes < MIN_COMPARED_BYTES) return undefined;
  if (newBytes * SUSPICIOUS_RATIO >= servedBytes) return undefined;
  const sizes = `${readable(newBytes)} vs ${readable(servedBytes)}`;
  return `New model data is less than a tenth of what is being served (${sizes}). Check that the upload is complete.`;
}

function readable(bytes: number): string {
  if (bytes < KIB) return `${bytes} bytes`;
  return bytes < MIB ? `${(bytes / KIB).toFixed(1)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}
