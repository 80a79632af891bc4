/**
 * The messages of a batch that a function with ReportBatchItemFailures reports as failed. A malformed answer, or one
 * that names a message outside the batch, fails them all.
 */
export function failedMessageIds(payload: Uint8Array, batch: ReadonlySet<string>): ReadonlySet<string> {
  let answer: unknown;
  try {
    const text = Buffer.from(payload).toString();
    answer = text === '' ? null : JSON.parse(text);
  } catch {
    return batch;
  }
  // Null, an empty answer and an answer without the list all mean success.
  if (answer === null || answer === undefined) return new Set();
  if (typeof answer !== 'object' || Array.isArray(answer)) return batch;
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === null || failures === undefined) return new Set();
  if (!Array.isArray(failures)) return batch;
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    if (typeof id !== 'string' || !batch.has(id)) return batch;
    failed.add(id);
  }
  return failed;
}
