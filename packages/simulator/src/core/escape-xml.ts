const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** The characters that XML 1.0 cannot carry, not even as references. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are the subject
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** All control characters, and the two noncharacters of the basic plane. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are the subject
const CONTROLS = /[\u0000-\u001f\u007f\ufffe\uffff]/g;

/** Text as XML 1.0 can carry it: characters that it has no way to write become U+FFFD. */
export function escapeXml(text: string): string {
  const carried = text.toWellFormed().replaceAll(NOT_XML, '\ufffd');
  // A parser would turn a bare carriage return into a line feed.
  return escapeMarkup(carried).replaceAll('\r', '&#xD;');
}

/** Text as S3 writes it: control characters become references, although XML 1.0 forbids most of them. */
export function escapeXmlWithReferences(text: string): string {
  return escapeMarkup(text).replaceAll(CONTROLS, (char) => `&#x${char.charCodeAt(0).toString(16)};`);
}

function escapeMarkup(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
