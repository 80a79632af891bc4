/** How a source chooses the archive that the model loads. */
export type ChosenKind = 'newest' | 'pointer' | 'package';

const GROUP = 'model-package-group/';
const POINTER_SUFFIX = '.txt';

/** How the source with this name chooses its archive; undefined: the name is the archive's key. */
export function kindOf(name: string): ChosenKind | undefined {
  if (name.startsWith(GROUP)) return 'package';
  if (name.includes('*')) return 'newest';
  return name.endsWith(POINTER_SUFFIX) ? 'pointer' : undefined;
}

/** The name of a group's packages as a source. */
export function packageSource(group: string): string {
  return `${GROUP}${group}`;
}

/** The group whose packages the source is. */
export function groupOf(name: string): string {
  return name.slice(GROUP.length);
}

/** Prefix and suffix of the keys that a source of the kind `newest` chooses from. */
export function affixesOf(name: string): { readonly prefix: string; readonly suffix: string } {
  const [prefix = '', suffix = ''] = name.split('*');
  return { prefix, suffix };
}

/** The key of the nth archive that a source can choose. */
export function archiveKey(name: string, number: number): string {
  if (kindOf(name) === 'newest') return name.replace('*', String(number));
  return `${folderOf(name)}${number}/model.tar.gz`;
}

/** Whether a source chooses from objects with this key, or lists them. */
export function choosesFrom(name: string, key: string): boolean {
  switch (kindOf(name)) {
    case 'newest': {
      const { prefix, suffix } = affixesOf(name);
      return key === prefix || (key.startsWith(prefix) && key.endsWith(suffix));
    }
    case 'pointer':
      return key.startsWith(folderOf(name));
    default:
      return false;
  }
}

function folderOf(name: string): string {
  return kindOf(name) === 'package' ? 'packages/' : `${name.slice(0, -POINTER_SUFFIX.length)}/`;
}
