import { type CollectionTag, parseDocument, type ScalarTag, YAMLMap, YAMLSeq } from 'yaml';
import { CONDITIONS, FUNCTIONS } from './intrinsics.ts';
import { checkTemplate, type Template, validationError } from './template.ts';

/** The functions, which YAML templates also write as tags: `!Sub text` is `{Fn::Sub: text}`. */
const TAGGED = [...Object.keys(FUNCTIONS), ...Object.keys(CONDITIONS), 'Fn::Cidr', 'Fn::Transform'];

/** Aliases that a document may expand to, so that a small text cannot become a huge value. */
const MAX_ALIASES = 100;

/** Parses a template's text: JSON, or YAML with CloudFormation's tags. Throws ValidationError. */
export function parseTemplate(body: string): Template {
  if (!body.trimStart().startsWith('{')) return checkTemplate(parseYaml(body));
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw validationError('Template format error: JSON not well-formed.');
  }
  return checkTemplate(value);
}

function parseYaml(body: string): unknown {
  const document = parseDocument(body, {
    // Like CloudFormation's: 2010-09-09 and yes are texts.
    schema: 'core',
    customTags: TAGGED.flatMap(tagsOf),
  });
  const [error] = document.errors;
  if (error) throw validationError(`Template format error: YAML not well-formed. ${firstLine(error.message)}`);
  const [warning] = document.warnings;
  if (warning) throw validationError(`Template format error: ${firstLine(warning.message)}`);
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw validationError(`Template format error: YAML not well-formed. ${firstLine((cause as Error).message)}`);
  }
}

/** The tag of a function on a text, a list and a map. */
function tagsOf(name: string): (ScalarTag | CollectionTag)[] {
  const tag = name.replace(/^(Fn::)?/, '!');
  const wrap = (value: unknown) => {
    const map = new YAMLMap();
    map.set(name, value);
    return map;
  };
  return [
    { tag, resolve: (text) => ({ [name]: text }) },
    { tag, collection: 'seq', nodeClass: YAMLSeq, resolve: wrap },
    { tag, collection: 'map', nodeClass: YAMLMap, resolve: wrap },
  ];
}

const firstLine = (text: string) => text.split('\n', 1)[0];
