const isLive = process.stderr.isTTY === true;

/** Says on the terminal what is being measured; when piped, one line per part. */
export async function progress<T>(what: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T> {
  const started = performance.now();
  const show = (detail: string) => {
    if (isLive) process.stderr.write(`\r\u001b[2K  ${what} … ${detail}`);
  };
  show('');
  const result = await work(show);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(isLive ? `\r\u001b[2K  ${what}: ${seconds} s\n` : `${what}: ${seconds} s\n`);
  return result;
}
