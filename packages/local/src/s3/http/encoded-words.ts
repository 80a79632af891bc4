const WORD = /(?<!\S)=\?([^?\s]+)\?([bq])\?([^?\s]*)\?=(?!\S)(?:\s+(?==\?))?/gi;

/** Most bytes of a word besides its charset and encoding. */
const MAX_WORD_BYTES = 63;

/** Decodes the encoded words (RFC 2047) of user metadata. */
export const decodeWords = (text: string): string =>
  text.replace(WORD, (word, charset: string, encoding: string, content: string) => {
    try {
      return new TextDecoder(charset).decode(encoding.toUpperCase() === 'B' ? fromBase64(content) : fromQ(content));
    } catch {
      return word;
    }
  });

/** Encodes user metadata as S3 does, like JavaMail, if it is not plain ASCII. */
export function encodeWords(text: string): string {
  const others = text.match(/[^\t\x20-\x7e]/g)?.length ?? 0;
  return others === 0 ? text : wordsOf(text, others < text.length - others ? 'Q' : 'B');
}

function wordsOf(text: string, encoding: 'B' | 'Q'): string {
  const content = encoding === 'B' ? Buffer.from(text).toString('base64') : toQ(text);
  if (content.length <= MAX_WORD_BYTES || text.length === 1) return `=?UTF-8?${encoding}?${content}?=`;
  const half = Math.floor(text.length / 2);
  const middle = /[\ud800-\udbff]/.test(text[half - 1] ?? '') ? half - 1 : half;
  return `${wordsOf(text.slice(0, middle), encoding)} ${wordsOf(text.slice(middle), encoding)}`;
}

/** S3 takes padding within the text for a digit. */
const fromBase64 = (content: string) => Buffer.from(content.replace(/=(?!=*$)/g, '/'), 'base64');

const fromQ = (content: string) =>
  Buffer.from(
    content.replaceAll('_', ' ').replace(/=([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );

const toQ = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^\x20-\x3c\x3e\x40-\x5e\x60-\x7e]/g, (byte) => `=${hexOf(byte)}`)
    .replaceAll(' ', '_');

const hexOf = (byte: string) => byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
