/** The records of a pax header in their order: a key can occur more than once. */
export type PaxRecords = readonly (readonly [key: string, value: string])[];

/** Undefined: it is not a list of records. */
export function parsePaxRecords(body: Buffer): PaxRecords | undefined {
  const records: (readonly [string, string])[] = [];
  let at = 0;
  // Some programs fill the rest with zeros.
  while (at < body.length && body[at] !== 0) {
    const space = body.indexOf(' ', at);
    const digits = body.toString('latin1', at, space);
    const end = at + Number(digits);
    if (space < 0 || !/^\d{1,9}$/.test(digits) || end > body.length || body[end - 1] !== 0x0a) return undefined;
    const equals = body.indexOf('=', space);
    if (equals < 0 || equals >= end) return undefined;
    records.push([body.toString('utf8', space + 1, equals), body.toString('utf8', equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** The value that counts: the last. */
export function paxValue(records: PaxRecords, ...keys: readonly string[]): string | undefined {
  return records.findLast(([key]) => keys.includes(key))?.[1];
}

/** A value that is a number. Undefined: it is absent, or no number. */
export function paxNumber(records: PaxRecords, ...keys: readonly string[]): number | undefined {
  const value = Number(paxValue(records, ...keys) || 'absent');
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
