import { type CollectionTag, parseDocument, type ScalarTag, YAMLMap, YAMLSeq } from 'yaml';
import { checkTemplate, type Template, validationError } from './template.ts';

/** The functions that YAML templates also write as tags: `!Sub text` is `{Fn::Sub: text}`. */
const FUNCTIONS = [
  'And',
  'Base64',
  'Cidr',
  'Equals',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'GetStackOutput',
  'If',
  'ImportValue',
  'Join',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
  'Transform',
];

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
    customTags: [
      ...FUNCTIONS.flatMap((name) => tagsOf(name, `Fn::${name}`)),
      ...tagsOf('Ref', 'Ref'),
      ...tagsOf('Condition', 'Condition'),
    ],
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

/** The tag on a text, a list and a map. */
function tagsOf(name: string, key: string): (ScalarTag | CollectionTag)[] {
  const tag = `!${name}`;
  const wrap = (value: unknown) => {
    const map = new YAMLMap();
    map.set(key, value);
    return map;
  };
  return [
    { tag, resolve: (text) => ({ [key]: text }) },
    { tag, collection: 'seq', nodeClass: YAMLSeq, resolve: wrap },
    { tag, collection: 'map', nodeClass: YAMLMap, resolve: wrap },
  ];
}

const firstLine = (text: string) => text.split('\n', 1)[0];
